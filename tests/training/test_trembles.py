"""How an agent knows what it did: trembles that it cannot see, and a decoder on its memory, tried on known policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from ingredients.agent.memory import State
from ingredients.agent.observation import InputLayout
from ingredients.grid import TREMBLES, Cell, Run
from ingredients.study import parse_study
from ingredients.tasks.bernoulli_bandit import BernoulliBandit
from ingredients.training.evaluation import evaluate
from ingredients.training.inside import carried_inside, lanes_of
from ingredients.training.interaction import tremble
from ingredients.training.trainer import Setup, begin_training, prepare

FULL = Cell(True, True, True, True)
PULLS = 40


@dataclass(frozen=True)
class WinStay:
    """A memory of one number, the arm that is intended: stay after a win, take the other of two arms after a loss.

    `knows` says from where it has its last action: `inside` (the arm it intended), `channel` (the one it is shown), or
    `nothing`: then it takes arm 0 always.
    """

    layout: InputLayout
    knows: str

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns no weights."""
        return {}

    def initial_weights(self, draw: torch.Generator) -> dict[str, Tensor]:
        """Returns no weights."""
        return {}

    def initial_state(self, runs: int, lanes: int, steps: int, like: Tensor) -> State:
        """Returns arm 0."""
        return (like.new_zeros(runs, lanes, 1),)

    def step(self, weights: Mapping[str, Tensor], state: State, carry_t: Tensor, x_t: Tensor) -> tuple[Tensor, State]:
        """Returns logits that leave no choice, and the arm."""
        if self.knows == "nothing":
            arm = torch.zeros_like(state[0])
        else:
            shown = x_t[..., self.layout.action].argmax(-1, keepdim=True).to(x_t.dtype)
            last = state[0] if self.knows == "inside" else shown
            won = x_t[..., self.layout.reward : self.layout.reward + 1]
            started = x_t[..., self.layout.lifetime_start : self.layout.lifetime_start + 1]
            arm = torch.where((won > 0) | (started > 0), last, 1 - last)
        return 100 * torch.cat([1 - arm, arm], -1), (arm,)

    def unroll(self, weights: Mapping[str, Tensor], carry: Tensor, x: Tensor, start: State | None = None) -> Tensor:
        """Is never trained."""
        raise AssertionError

    def tape_floats(self, steps: int) -> int:
        """Returns 1."""
        return 1

    def state_floats(self, steps: int) -> int:
        """Returns 1."""
        return 1


def known(knows: str, action_shown: bool) -> tuple[Setup, Tensor]:
    """Returns the setup and the weights of one run of a known policy on two arms."""
    study = parse_study(
        {"name": "t", "tasks": {"family": "bernoulli-bandit", "arms": 2, "episodes": PULLS}, "ingredients": {}}, "test"
    )
    setup = prepare(study, (Run(replace(FULL, action_observation=action_shown), 0),))
    agent = replace(setup.agent, hidden=2, memory=WinStay(setup.agent.layout, knows))
    head = torch.zeros(1, 2, agent.head)
    head[0, 0, 0] = head[0, 1, 1] = 1.0
    weights = torch.cat([head.flatten(), torch.zeros(agent.head)]).view(1, -1)
    return replace(setup, agent=agent), torch.nn.functional.pad(weights, (0, -weights.numel() % 16))


def sure_arms(count: int) -> Tensor:
    """Returns `[1, count, 2]` tasks on which one arm always pays and the other never, by turns."""
    return torch.tensor([[1.0, 0.0], [0.0, 1.0]]).repeat(count // 2, 1).unsqueeze(0)


@pytest.mark.parametrize(
    ("knows", "shown", "plain", "trembling"),
    [
        ("channel", True, 1.0, 0.8),  # after a tremble it sees that the other arm lost: only the tremble itself costs
        ("inside", False, 1.0, 0.68),  # .8 · .8 + .2 · .2: it blames the arm that it meant to pull
        ("inside", True, 1.0, 0.68),  # who does not look at the channel gains nothing by its being on
        ("nothing", False, 0.5, 0.5),  # whose actions never mattered loses nothing
    ],
)
def test_trembles_cost_one_that_relies_on_its_intention_more(
    knows: str, shown: bool, plain: float, trembling: float
) -> None:
    """Late in the lifetime, in closed form, with a fifth of the actions replaced."""
    assert TREMBLES == 0.2
    curves = evaluate(*known(knows, shown), sure_arms(2000), ("action_tremble",)).curves
    assert curves["none"][0, 2:].mean().item() == pytest.approx(plain, abs=1e-9)
    assert curves["action_tremble"][0, 10:].mean().item() == pytest.approx(trembling, abs=0.01)


def test_a_tremble_is_another_action_at_its_share_of_the_steps() -> None:
    """A fifth of the actions are replaced, each of the others as often, never by themselves."""
    family = BernoulliBandit(arms=4, episodes=5)
    uniform, action = torch.rand(100_000, generator=torch.Generator().manual_seed(1)), torch.full((100_000,), 2)
    executed = tremble(family, action, uniform)
    counts = executed.bincount(minlength=4) / len(executed)
    assert counts.tolist() == pytest.approx([TREMBLES / 3, TREMBLES / 3, 1 - TREMBLES, TREMBLES / 3], abs=0.005)


class Vectors(BernoulliBandit):
    """A bandit whose actions are vectors."""

    continuous = True


def test_a_trembling_vector_is_drawn_anew() -> None:
    """Of vectors a fifth are replaced whole, by one uniform on [−1, 1]."""
    family = Vectors(arms=3, episodes=5)
    uniform = torch.rand(50_000, 3, generator=torch.Generator().manual_seed(1))
    executed = tremble(family, torch.full((50_000, 3), 7.0), uniform)
    strays = (executed != 7.0).all(-1)
    assert torch.equal(strays, (executed != 7.0).any(-1))
    assert strays.float().mean().item() == pytest.approx(TREMBLES, abs=0.005)
    assert executed[strays].mean(0).tolist() == pytest.approx([0.0] * 3, abs=0.03)
    assert (executed[strays].std(0) - 1 / 3**0.5).abs().max() < 0.01


def test_a_decoder_tells_what_a_memory_holds() -> None:
    """Win-stay on arms that pay now and then knows its last arm; one that does the same always has nothing to tell."""
    tasks = torch.full((1, 400, 2), 0.5)
    for knows, told in (("inside", 1.0), ("nothing", None)):
        setup, policy = known(knows, action_shown=False)
        (found,) = carried_inside(setup, policy, policy, tasks)
        assert found.get("action") == told
    setup, policy = known("nothing", action_shown=False)
    (found,) = carried_inside(setup, policy, policy, tasks)
    assert abs(found["reward"]) < 0.05  # a coin that nothing of the memory depends on


def test_a_clock_is_no_memory_of_actions() -> None:
    """An arm that follows from the step alone is told by the schedule, so that nothing is left for the decoder."""
    setup, policy = known("inside", action_shown=False)
    never = torch.zeros(1, 400, 2)  # always loses, so that it takes the arms by turns
    assert carried_inside(setup, policy, policy, never) == [{}]


def test_nothing_is_inside_without_a_memory() -> None:
    """With memory off no output of the last step is carried; an untrained network does not know what it did."""
    study = parse_study(
        {"name": "t", "tasks": {"family": "bernoulli-bandit", "arms": 3, "episodes": 10}, "ingredients": {}}, "test"
    )
    setup = prepare(study, (Run(FULL.lacking("memory"), 0), Run(FULL, 0)))
    policy, tasks = begin_training(setup).policy, torch.rand(2, 600, 3, generator=torch.Generator().manual_seed(1))
    off, on = carried_inside(setup, policy, policy, tasks)
    assert off == {}
    assert abs(on["action"]) < 0.1
    assert on["reward"] > 0.5  # the channel is on, and what was just taken in is still there
    assert on == {**on, "action_untrained": on["action"], "reward_untrained": on["reward"]}
    assert lanes_of(setup, 600) == 512
    assert lanes_of(setup, 100) == 100
