"""The two-step task's analysis on scripted agents of known kinds, and its references against exact values."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from ingredients.references import evaluate_references
from ingredients.references.policy import Answer
from ingredients.references.simulation import simulate
from ingredients.references.two_step import ByLastEpisode, Inferring, two_step_references
from ingredients.tasks.family import Analysed, Lived
from ingredients.tasks.stay_probability import stay_counts
from ingredients.tasks.two_step import TwoStep

FAMILY = TwoStep(episodes=20)
LANES = 2000
Chooser = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Maps the last ship, the planet and the reward, `[N]` each, to the next ship."""


def lived(family: TwoStep, chooser: Chooser) -> Lived:
    """Returns lifetimes of who begins with any ship and goes on by `chooser`; one run."""
    draw = torch.Generator().manual_seed(0)
    tasks = family.draw_tasks(draw, LANES)
    state, shown = family.first(tasks, torch.rand(LANES, family.start_size, generator=draw))
    ship, kept = torch.randint(2, (LANES,), generator=draw), []
    for t in range(family.steps):
        step = family.step(tasks, state, ship, torch.rand(LANES, 1, generator=draw))
        kept.append((shown, ship, step.reward))
        if t % 2:
            ship = chooser(ship, shown[:, 2].long(), step.reward)
            start = torch.rand(LANES, family.start_size, generator=draw)
            state, shown = family.next_episode(tasks, step.state, start)
        else:
            state, shown = step.state, step.observation
    observation, action, reward = (torch.stack(parts).unsqueeze(0) for parts in zip(*kept, strict=True))
    return Lived(tasks.unsqueeze(0), observation, action, reward)


def statistics(family: TwoStep, chooser: Chooser) -> dict[str, float]:
    """Returns the analysis of those lifetimes."""
    return family.statistics(family.tally(lived(family, chooser))[0])


def model_free(ship: Tensor, planet: Tensor, reward: Tensor) -> Tensor:
    """Repeats the ship that paid, whatever the transition was."""
    return torch.where(reward > 0, ship, 1 - ship)


def model_based(ship: Tensor, planet: Tensor, reward: Tensor) -> Tensor:
    """Flies to the planet that paid, or to the other one."""
    return torch.where(reward > 0, planet, 1 - planet)


def test_win_stay_lose_shift_on_ships_is_model_free() -> None:
    """It stays after every reward and after nothing else: all main effect, no interaction."""
    found = statistics(FAMILY, model_free)
    assert [found[f"stay_{name}"] for name in ("common_rewarded", "rare_rewarded")] == [1, 1]
    assert [found[f"stay_{name}"] for name in ("common_unrewarded", "rare_unrewarded")] == [0, 0]
    assert (found["reward_effect"], found["interaction"], found["model_based_index"]) == (1, 0, 0)
    assert found["interaction_given_choice"] == 0


def test_going_where_it_paid_is_task_structure_inference() -> None:
    """It stays after common rewarded and rare unrewarded flights alone: all interaction, no main effect."""
    found = statistics(FAMILY, model_based)
    stays = [found[f"stay_{name}"] for name in ("common_rewarded", "rare_rewarded")]
    assert stays + [found[f"stay_{name}"] for name in ("common_unrewarded", "rare_unrewarded")] == [1, 0, 0, 1]
    assert (found["reward_effect"], found["interaction"], found["model_based_index"]) == (0, 2, 1)
    assert found["interaction_given_choice"] == 2


def test_a_mixture_lies_between() -> None:
    """Half of each stays in all cases where either does, half of the time where they differ."""
    draw = torch.Generator().manual_seed(1)

    def either(ship: Tensor, planet: Tensor, reward: Tensor) -> Tensor:
        by_lot = torch.rand(len(ship), generator=draw) < 0.5
        return torch.where(by_lot, model_free(ship, planet, reward), model_based(ship, planet, reward))

    found = statistics(FAMILY, either)
    assert found["stay_common_rewarded"] == 1
    assert found["stay_common_unrewarded"] == 0
    assert (found["stay_rare_rewarded"], found["stay_rare_unrewarded"]) == pytest.approx((0.5, 0.5), abs=0.03)
    assert found["model_based_index"] == pytest.approx(0.5, abs=0.03)


def test_a_mere_preference_looks_like_inference_until_the_choice_is_given() -> None:
    """An agent that learns nothing but prefers the better ship shows an interaction, and none among equal choices."""
    played = lived(FAMILY, lambda ship, planet, reward: ship)
    better = played.tasks.argmax(-1).expand(FAMILY.steps, -1)
    prefers = torch.rand(FAMILY.steps, LANES, generator=torch.Generator().manual_seed(2)) < 0.8
    ship = torch.where(prefers, better, 1 - better).unsqueeze(0)
    luck = torch.rand(2, FAMILY.episodes, LANES, generator=torch.Generator().manual_seed(3))
    planet = torch.where(luck[0] < FAMILY.common, ship[0, ::2], 1 - ship[0, ::2])
    observation, reward = torch.zeros(1, FAMILY.steps, LANES, 3), torch.zeros(1, FAMILY.steps, LANES)
    observation[0, 1::2, :, 2] = planet.float()
    reward[0, 1::2] = (luck[1] < torch.where(planet == better[::2], 0.9, 0.1)).float()
    found = FAMILY.statistics(FAMILY.tally(Lived(played.tasks, observation, ship, reward))[0])
    assert found["interaction"] > 0.2
    assert abs(found["interaction_given_choice"]) < 0.05


def test_tallies_add_up_and_what_never_happened_is_left_out() -> None:
    """Two halves of the lifetimes count as the whole; who never lands by a rare flight has no numbers of those."""
    played = lived(FAMILY, model_free)
    parts = (slice(700), slice(700, None))
    halves = [Lived(played.tasks[:, part], *(each[:, :, part] for each in played[1:])) for part in parts]
    assert torch.equal(sum(map(stay_counts, halves), torch.zeros(1, 16)), stay_counts(played))
    assert float(stay_counts(played).sum()) == LANES * (FAMILY.episodes - 1)
    certain = statistics(TwoStep(episodes=5, common=1.0), model_based)
    assert "stay_rare_rewarded" not in certain
    assert "interaction" not in certain
    assert isinstance(FAMILY, Analysed)
    assert "interaction_given_choice" not in statistics(TwoStep(episodes=5, reversal=0.1), model_based)


def test_the_better_ship_costs_nothing() -> None:
    """At home the worse ship costs .4 with the default settings, after a reversal the other; on a planet nothing."""
    task, home, away = torch.tensor([0.9, 0.1]), torch.tensor([0.0, 0.0]), torch.tensor([1.0, 0.0])
    assert FAMILY.costs(task, home, 0).tolist() == pytest.approx([0, 0.4])
    assert FAMILY.costs(task, torch.tensor([0.0, 1.0]), 2).tolist() == pytest.approx([0.4, 0])
    assert FAMILY.costs(task, away, 1).tolist() == [0, 0]


def test_inference_by_hand() -> None:
    """A reward on planet 0 makes it nine times as likely, a loss on planet 1 as much again; then it may reverse."""
    draws, no = torch.Generator(), torch.zeros(3, dtype=torch.bool)
    shown = torch.tensor([[0.0, 1, 0], [0, 0, 1], [1, 0, 0]])  # planet 0, planet 1, home
    answer = Answer(1, shown, torch.zeros(3).long(), torch.tensor([1.0, 0, 0]), shown, no, no, draws)
    certain, reversing = Inferring(FAMILY), Inferring(TwoStep(episodes=5, reversal=0.1))
    once = certain.update(certain.initial(3), answer)
    assert once.flatten().tolist() == pytest.approx([0.9, 0.9, 0.5])
    assert certain.update(once, answer).flatten().tolist() == pytest.approx([81 / 82, 81 / 82, 0.5])
    assert reversing.update(once, answer)[:2].flatten().tolist() == pytest.approx([(0.9 * 81 + 0.1) / 82] * 2)


def test_who_plays_which_role() -> None:
    """Chance is the floor, the last episode the reactive reference, inference the yardstick; there are two tasks."""
    made = evaluate_references(FAMILY, FAMILY.draw_tasks(torch.Generator().manual_seed(0), 100), 10, 1)
    assert (made["floor"], made["reactive"], made["yardstick"]) == ("random", "reactive", "bayes_optimal")
    assert not made["held_out"]


@pytest.mark.parametrize("family", [FAMILY, TwoStep(episodes=10, common=0.8, rewarded=0.7)])
def test_exact_returns_are_what_is_played(family: TwoStep) -> None:
    """The returns computed for Bayes-optimal, reactive, random and oracle are those of many lifetimes."""
    tasks = family.draw_tasks(torch.Generator().manual_seed(5), 20_000)
    for reference in two_step_references(family).all:
        if reference.expected_return is not None:
            assert sum(reference.curves(tasks, 0).none) == pytest.approx(reference.expected_return, abs=0.05)


def test_no_deterministic_policy_without_memory_is_better_than_the_reactive_one() -> None:
    """All 256 maps of (ship, planet) to what is noted, and of (note, reward) to the next ship, weighed exactly."""
    best = max(_return_without_memory(note, choose) for note in _maps() for choose in _maps())
    reactive = next(each for each in two_step_references(FAMILY).all if each.name == "reactive")
    assert best == pytest.approx(reference_return(reactive.expected_return), abs=1e-9)


def reference_return(value: float | None) -> float:
    """Returns a return that is known."""
    assert value is not None
    return value


def _maps() -> list[tuple[int, ...]]:
    return list(itertools.product((0, 1), repeat=4))


def _return_without_memory(note: tuple[int, ...], choose: tuple[int, ...]) -> float:
    """Returns a lifetime's return, the mean over both tasks, of who begins with any ship."""
    total = 0.0
    for paying in (0, 1):
        ship_chance = [0.5, 0.5]
        for _ in range(FAMILY.episodes):
            after = [0.0, 0.0]
            for ship, planet, paid in itertools.product((0, 1), repeat=3):
                reach = FAMILY.common if ship == planet else 1 - FAMILY.common
                pays = FAMILY.rewarded if planet == paying else 1 - FAMILY.rewarded
                chance = ship_chance[ship] * reach * (pays if paid else 1 - pays)
                total += chance * paid / 2
                after[choose[2 * note[2 * ship + planet] + paid]] += chance
            ship_chance = after
    return total


def test_reversals_are_followed() -> None:
    """Where planets change places, who infers earns more than who sees the last episode alone, less than one told."""
    family = TwoStep(episodes=40, reversal=0.05)
    tasks = family.draw_tasks(torch.Generator().manual_seed(5), 4000)
    earned = [sum(simulate(family, policy, tasks, 0).none) for policy in (ByLastEpisode(), Inferring(family))]
    assert family.episodes / 2 < earned[0] < earned[1] < family.episodes * family.well_chosen
