"""What the agent sees, and its weights: one flipped ingredient changes nothing but its own columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor

from ingredients.agent import compiled
from ingredients.agent.compiled import sigmoid, tanh, without_loops
from ingredients.agent.memory.gru import Gru
from ingredients.agent.network import Agent, flatten, views
from ingredients.agent.observation import InputLayout, Past, assemble
from ingredients.agent.policy import sample
from ingredients.grid import Cell, Run, cells
from ingredients.study import INGREDIENTS, Study, parse_study
from ingredients.tasks.bernoulli_bandit import BernoulliBandit
from ingredients.training.critic import Critic, features, values
from ingredients.training.draws import TRAINING, lifetime_draws, training_tasks
from ingredients.training.trainer import begin_training, prepare

LAYOUT = InputLayout(observation_size=1, actions=3)


def _past(lifetime_start: float, reward: float, action: int) -> Past:
    observation, lifetime, episode, reward_tm1 = (_shown(value) for value in (0.25, lifetime_start, 1.0, reward))
    return Past(observation, lifetime, episode, reward_tm1, torch.tensor([[action]]))


def _shown(value: float) -> Tensor:
    return torch.tensor([[value]])


def test_everything_shown() -> None:
    """With both channels on the input is observation, starts, r, shown, one-hot a, shown, one."""
    x = assemble(LAYOUT, _past(0.0, 1.0, 2), _shown(1.0), _shown(1.0))
    assert x.tolist() == [[0.25, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0]]
    assert x.shape[-1] == LAYOUT.size


def test_a_lifetime_starts_empty() -> None:
    """At a lifetime's start both channels are empty even where they are on."""
    x = assemble(LAYOUT, _past(1.0, 1.0, 2), _shown(1.0), _shown(1.0))
    assert x.tolist() == [[0.25, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]]


@pytest.mark.parametrize("ingredient", ["reward_observation", "action_observation"])
def test_a_channel_masks_its_own_columns(ingredient: str) -> None:
    """Switching a channel off changes its columns to zero and no other column."""
    on = assemble(LAYOUT, _past(0.0, 1.0, 1), _shown(1.0), _shown(1.0))
    masks = [_shown(float(name != ingredient)) for name in ("reward_observation", "action_observation")]
    off = assemble(LAYOUT, _past(0.0, 1.0, 1), *masks)
    own = list(LAYOUT.columns(ingredient))
    others = [column for column in range(LAYOUT.size) if column not in own]
    assert torch.equal(off[:, others], on[:, others])
    assert not off[:, own].any()
    assert on[:, own].any()


def _study(**sections: object) -> tuple[Run, ...]:
    return tuple(Run(cell, seed) for seed in (0, 1) for cell in cells(_parsed(**sections)))


def _parsed(**sections: object) -> Study:
    tasks = {"family": "bernoulli-bandit", "arms": 3, "episodes": 6}
    return parse_study({"name": "t", "tasks": tasks, "ingredients": {}, **sections}, "test")


def test_every_cell_starts_from_the_same_weights() -> None:
    """Cells of a seed share architecture, parameter count and initial weights; seeds do not share weights."""
    runs = _study()
    start = begin_training(prepare(_parsed(), runs))
    for weights in (start.policy, start.critic):
        by_seed = weights.view(2, 16, -1)
        assert torch.equal(by_seed[0], by_seed[0, :1].expand_as(by_seed[0]))
        assert torch.equal(by_seed[1], by_seed[1, :1].expand_as(by_seed[1]))
        assert not torch.equal(by_seed[0, 0], by_seed[1, 0])


def test_flipping_an_ingredient_changes_only_its_draws() -> None:
    """Cells of a seed meet the same luck; each ingredient changes its own part of the draws and tasks alone."""
    full, family = Cell(True, True, True, True), BernoulliBandit(3, 6)
    draws = lifetime_draws([Run(full, 0)], family, TRAINING, 4, 8)
    tasks = training_tasks([Run(full, 0)], family, 4, 8)
    own_part = {"reward_observation": "reward_shown", "action_observation": "action_shown", "memory": "carry"}
    for ingredient in INGREDIENTS:
        run = Run(full.lacking(ingredient), 0)
        flipped = lifetime_draws([run], family, TRAINING, 4, 8)
        changed = {name for name, a, b in zip(draws._fields, draws, flipped, strict=True) if not torch.equal(a, b)}
        assert changed == ({own_part[ingredient]} if ingredient in own_part else set())
        assert torch.equal(tasks, training_tasks([run], family, 4, 8)) == (ingredient != "task_distribution")


def test_a_graded_channel_is_shown_at_its_rate() -> None:
    """A probability of being shown is drawn each step, and is common to the cells of a seed."""
    family = BernoulliBandit(2, 50)
    runs = [Run(Cell(level, True, True, True), 0) for level in (False, 0.3, 0.6, True)]
    shown = lifetime_draws(runs, family, TRAINING, 0, 200).reward_shown
    rates = shown.mean(dim=(0, 2, 3))
    assert rates[[0, 3]].tolist() == [0.0, 1.0]
    assert torch.allclose(rates[1:3], torch.tensor([0.3, 0.6]), atol=0.015)
    assert (shown[:, 1] <= shown[:, 2]).all()


def test_lists_of_training_tasks_are_nested() -> None:
    """N training tasks are the first N of one list; one task is off, and seeds have lists of their own."""
    family = BernoulliBandit(2, 5)
    seen = {
        level: {tuple(p) for update in range(30) for p in _tasks_at(family, level, update)} for level in (False, 4, 8)
    }
    assert [len(seen[level]) for level in (False, 4, 8)] == [1, 4, 8]
    assert seen[False] < seen[4] < seen[8]


def _tasks_at(family: BernoulliBandit, level: bool | int, update: int) -> list[list[float]]:
    tasks: list[list[float]] = training_tasks([Run(Cell(True, True, True, level), 0)], family, update, 16)[0].tolist()
    return tasks


def test_the_flat_tensor_holds_each_weight_once() -> None:
    """Named views of the flat weights give back what was flattened, and rows are padded to whole SIMD blocks."""
    agent = Agent(LAYOUT, 16, Gru(LAYOUT.size, 16, 10))
    runs = [agent.initial_weights(seed) for seed in (0, 1)]
    flat = flatten(runs)
    assert flat.shape[1] % 32 == 0
    for name, view in views(flat, agent.shapes()).items():
        assert torch.equal(view, torch.stack([run[name] for run in runs]))


def test_a_hidden_layer_of_the_head_stands_between_memory_and_policy() -> None:
    """Heads are W₂ max(W₁ h + b₁, 0) + b₂, its weights are drawn after the memory's, and the study asks for it."""
    (plain, wide) = (prepare(_parsed(agent={"hidden": 16, "head_hidden": units}), _study()).agent for units in (0, 32))
    weights = {name: weight.unsqueeze(0) for name, weight in wide.initial_weights(0).items()}
    assert torch.equal(weights["gru.hidden"][0], plain.initial_weights(0)["gru.hidden"])
    outputs = torch.randn(1, 7, 16)
    units = torch.relu(outputs @ weights["head.first"] + weights["head.first_bias"])
    by_hand = units @ weights["head.weight"] + weights["head.bias"]
    assert units.shape == (1, 7, 32)
    assert torch.allclose(wide.heads(weights, outputs), by_hand, atol=1e-6)


@pytest.mark.parametrize("head_hidden", [0, 32])
def test_the_first_policy_is_close_to_uniform(head_hidden: int) -> None:
    """Before training no action is preferred: what a cell learns is not the luck of its first weights."""
    agent = Agent(LAYOUT, 64, Gru(LAYOUT.size, 64, 10), head_hidden)
    weights = {name: weight.unsqueeze(0) for name, weight in agent.initial_weights(0).items()}
    probabilities = torch.softmax(agent.logits(weights, torch.randn(1, 100, 64).tanh()), dim=-1)
    assert (probabilities - 1 / 3).abs().max() < 0.05


def test_compiled_loops_do_what_torch_does() -> None:
    """Heads with their gradients, choices and values are torch's, whether weights are views of longer rows or not."""
    agent, critic = Agent(LAYOUT, 16, Gru(LAYOUT.size, 16, 10)), Critic(16, 4, 24)
    policy, values_of = (
        views(flatten([part.initial_weights(seed) for seed in (0, 1)]), part.shapes()) for part in (agent, critic)
    )
    draw = torch.Generator().manual_seed(3)
    outputs, uniform = torch.randn(2, 50, 16, generator=draw), torch.rand(2, 50, generator=draw)
    seen = features(outputs.unsqueeze(2), torch.rand(2, 1, 4, generator=draw), 0.9).flatten(1, 2)
    leaves = [outputs.requires_grad_(), *(policy[f"head.{name}"].requires_grad_() for name in ("weight", "bias"))]

    def everything() -> list[Tensor]:
        heads = agent.heads(policy, outputs)
        gradients = torch.autograd.grad(heads.pow(2).sum(), leaves)
        with torch.no_grad():
            logits = 100 * heads[..., : LAYOUT.actions]
            return [heads.detach(), sample(logits, uniform).float(), values(values_of, seen), *gradients]

    looped = everything()
    with without_loops():
        stacked = everything()
    assert set(looped[1].flatten().tolist()) == {0, 1, 2}
    for ours, theirs in zip(looped, stacked, strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_a_run_that_is_no_number_still_acts_and_others_do_not_notice() -> None:
    """Choices of a run whose logits are not numbers are some choices; those of its neighbour are as ever."""
    logits, uniform = torch.randn(2, 6, 3, generator=torch.Generator().manual_seed(1)), torch.full((2, 6), 0.7)
    alone = sample(logits, uniform)
    logits[0] = float("nan")
    beside = sample(logits, uniform)
    assert ((beside[0] >= 0) & (beside[0] < 3)).all()
    assert torch.equal(beside[1], alone[1])


def test_the_hyperbolic_tangent_is_exact_to_rounding() -> None:
    """Within six units of the last place of the result, for tiny arguments too; not a number stays that."""
    x = np.concatenate([np.linspace(-12, 12, 4001), np.geomspace(1e-12, 1, 200)]).astype(np.float32)
    ours, exact = np.array([tanh(value) for value in x]), np.tanh(x.astype(np.float64))
    assert (np.abs(ours - exact) <= 6 * np.spacing(np.abs(exact).astype(np.float32))).all()
    assert np.isnan(tanh(np.float32("nan")))
    assert [float(sigmoid(np.float32(value))) for value in (-40, 0, 40)] == [0.0, 0.5, 1.0]


def test_storage_of_any_layout_is_read_and_written() -> None:
    """Where outputs or states lie lane by lane instead of run by run, heads, gradients and next states are the same."""
    agent = Agent(LAYOUT, 16, Gru(LAYOUT.size, 16, 10))
    weights = views(flatten([agent.initial_weights(seed) for seed in (0, 1)]), agent.shapes())
    made = torch.randn(2, 5, 16, generator=torch.Generator().manual_seed(4))
    turned = made.transpose(0, 1).contiguous().transpose(0, 1)
    x, carry = torch.randn(2, 5, LAYOUT.size), torch.ones(1, 1, 1)
    (leaf, leaf_turned), found = (part.clone().requires_grad_() for part in (made, turned)), []
    assert not leaf_turned.is_contiguous()
    for part in (leaf, leaf_turned):
        heads = agent.heads(weights, part)
        with torch.no_grad():
            after, _ = agent.memory.step(weights, (part,), carry, x)
        found.append([heads.detach(), after, *torch.autograd.grad(heads.pow(2).sum(), part)])
    for ours, theirs in zip(*found, strict=True):
        assert torch.equal(ours, theirs)


def _double(numbers: npt.NDArray[np.int64]) -> None:
    """Doubles numbers in place; of loops it is the one that takes least time to compile."""
    for place in range(numbers.size):
        numbers[place] *= 2


def test_code_that_was_kept_and_is_spoilt_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What finds cut files where its machine code was kept says so, and computes the same."""
    monkeypatch.setattr(compiled, "CODE_FOLDER", str(tmp_path))

    def doubled() -> list[int]:
        numbers = np.arange(4)
        compiled.compiled(_double)(numbers)  # as a new process makes it
        return numbers.tolist()

    first, kept = doubled(), sorted(tmp_path.rglob("*_double*.nb*"))
    assert {file.suffix for file in kept} == {".nbi", ".nbc"}
    assert caplog.messages == []
    for length in (40, 0):
        for file in kept:
            file.write_bytes(file.read_bytes()[:length])
        assert doubled() == first == [0, 2, 4, 6]
        (said,) = caplog.messages
        assert said.startswith("_double is compiled anew: ")
        caplog.clear()


def test_no_probe_has_a_loop() -> None:
    """A folder of machine code serves whatever probes there are, so none may have code in it."""
    probes = Path(compiled.__file__).parents[1] / "training" / "probes"
    assert len(list(probes.glob("*.py"))) > 5
    assert not [path for path in probes.rglob("*.py") if "compiled" in path.read_text(encoding="utf-8")]
