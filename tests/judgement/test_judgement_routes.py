"""By which route a cell has an ingredient, on cells made by hand, and what the claims make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from judgement_cases import (
    ALL_CELLS,
    FULL,
    SPAN,
    cell,
    curve,
    jittered,
    judge_stored,
    references,
    shaped,
    stored_outside,
)

from ingredients.grid import INGREDIENTS, Cell
from ingredients.judgement import CellInput, Judgement, RunCurves
from ingredients.judgement.route_words import route_words
from ingredients.judgement.routes import INSIDE, LEAKED, NEEDLESS, SHOWN, has, named
from ingredients.study import parse_study

R, A, M, T = INGREDIENTS
NO_ACTION, NO_REWARD = FULL.lacking(A), FULL.lacking(R)
SILENT: dict[str, Any] = {"leak": 0.0, "low": -0.02, "high": 0.02, "leaks": False}
LOUD: dict[str, Any] = {"leak": 0.95, "low": 0.93, "high": 0.97, "leaks": True}
WEAK: dict[str, Any] = {"leak": 0.24, "low": 0.21, "high": 0.27, "leaks": True}
HOLDS = {"action": 0.6, "action_untrained": 0.0}
EMPTY = {"action": 0.01, "action_untrained": 0.0}


def stored(action: Mapping[str, Any] = SILENT, reward: Mapping[str, Any] = SILENT, **more: object) -> dict[str, Any]:
    """Returns references with these leaks."""
    rest = {"accuracy": 0.5, "base_rate": 0.5, "classes": 2, "reason": None}
    return {**references(), "leakage": {"reward": {**reward, **rest}, "action": {**action, **rest}}, **more}


def probed(plain: CellInput, inside: Mapping[str, float] | None = None, **lost: float) -> CellInput:
    """Returns the cell with probes that cost every run this share of what it has above the floor."""

    def run(each: RunCurves, jitter: float) -> RunCurves:
        floor = curve(0.0, 0.0)
        probes = {name: floor + (each.plain - floor) * (1 - cost) + jitter * SPAN for name, cost in lost.items()}
        return replace(each, probes=probes, inside={k: v + jitter for k, v in (inside or {}).items()})

    return replace(plain, runs=tuple(run(each, 0.001 * (place % 3)) for place, each in enumerate(plain.runs)))


def judged(changed: Mapping[Cell, CellInput], references_: Mapping[str, Any], writable: bool = False) -> Judgement:
    """Returns the judgement on sixteen cells; those not given are `none`."""
    cells = [changed.get(which, shaped(which, "none")) for which in ALL_CELLS]
    return judge_stored(cells, references_, writable)


def bandit(inside: Mapping[str, float], unseen: float, yoke: float = 0.7, seen: float = 0.25) -> dict[Cell, CellInput]:
    """Returns a full cell and one without actions that learn, under trembles and yokes that cost these shares."""
    return {
        FULL: probed(shaped(FULL, "in-context"), HOLDS, action_tremble=seen, action_yoke=yoke, reward_yoke=0.9),
        NO_ACTION: probed(shaped(NO_ACTION, "in-context"), inside, action_tremble=unseen, reward_yoke=0.9),
    }


def of(judgement: Judgement, which: Cell) -> dict[str, list[tuple[str, bool | None]]]:
    """Returns the routes of a cell and whether each is there."""
    (result,) = (each for each in judgement.cells if each.cell == which)
    return {name: [(route.route, route.present) for route in routes] for name, routes in result.routes.items()}


def test_the_bandit_without_actions_carries_them_inside() -> None:
    """Its memory tells what it did, and unseen trembles cost it .1 more: no other route, so that one is named."""
    found = judged(bandit(HOLDS, unseen=0.35), stored())
    assert of(found, NO_ACTION)[A] == [
        (SHOWN, False),
        (LEAKED, False),
        (INSIDE, True),
        (INSIDE, True),
        (NEEDLESS, False),
    ]
    assert found.claim.status == "channel not needed (held in memory)"
    for words in ("memory's output (before training 0.00) 0.60 [0.60, 0.60]", "beyond the loss of agents that see"):
        assert words in found.claim.sentence
    assert not any("learns by" in each for each in (found.claim.sentence, *found.notes))


def test_what_a_tremble_costs_by_itself_is_no_route() -> None:
    """Seen and unseen trembles cost the same share: nothing is lost by not seeing them, whatever the score is."""
    found = judged(bandit(EMPTY, unseen=0.25), stored())
    (result,) = (each for each in found.cells if each.cell == NO_ACTION)
    (trembles,) = (route for route in result.routes[A] if "unseen" in route.measure)
    assert trembles.present is False
    assert trembles.value.mean == pytest.approx(0.0, abs=0.005)
    (more,) = (
        route
        for each in judged(bandit(EMPTY, unseen=0.45), stored()).cells
        if each.cell == NO_ACTION
        for route in each.routes[A]
        if "unseen" in route.measure
    )
    # a fifth more of .95 late and 0 early, meaned over ten episodes of which two are early
    assert more.value.mean == pytest.approx(0.2 * 0.95 * 0.8, abs=0.01)


def test_a_cell_that_has_an_ingredient_by_no_route_contradicts_claim_1() -> None:
    """Nothing leaks, nothing is inside, unseen trembles cost nothing more, and who sees the action needs it."""
    found = judged(bandit(EMPTY, unseen=0.25), stored())
    assert (found.claim.status, found.claim.cells) == ("contradicted", (NO_ACTION,))
    assert "has action observation by no route. Shown: the channel is off. Leaked: decoder" in found.claim.sentence


def test_a_yoke_that_costs_nothing_says_that_nobody_needs_the_action() -> None:
    """Two-step: the environment leaks a part of it and memory holds it, and yet it is worth nothing here."""
    found = judged(bandit(HOLDS, unseen=0.25, yoke=0.0), stored(action=WEAK))
    (result,) = (each for each in found.cells if each.cell == NO_ACTION)
    assert named(result.routes, A) == NEEDLESS
    assert found.claim.status == "channel not needed (not needed by the task)"
    assert "the task does not need action observation" in found.claim.sentence
    assert found.leak_claim.status == "not applicable"
    assert "leaks, and the task does not need it" in found.leak_claim.sentence


def test_where_nearly_everything_leaks_a_yoke_tells_nothing() -> None:
    """Who can read the action off the environment may ignore the channel: the leak is the route."""
    found = judged(bandit(EMPTY, unseen=0.25, yoke=0.0), stored(action=LOUD))
    assert of(found, NO_ACTION)[A][-1] == (NEEDLESS, None)
    assert found.claim.status == "channel not needed (leaked)"
    assert found.leak_claim.status == "supported"


def test_a_yardstick_that_does_without_a_channel_says_that_the_task_does() -> None:
    """The exact ceiling is the same without rewards: so a cell that learns without them contradicts nothing."""
    learn = {which: shaped(which, "in-context") for which in (FULL, NO_REWARD)}
    found = judged(learn, stored(unneeded=["reward_observation"]))
    assert (NEEDLESS, True) in of(found, NO_REWARD)[R]
    assert found.claim.status == "channel not needed (not needed by the task)"
    assert "bayes_optimal, which is exact, does not use it" in found.claim.sentence


def test_a_route_that_was_not_measured_is_neither_there_nor_absent() -> None:
    """Older runs have no trembles and no decoder: the claim is undecided and says what is missing."""
    learn = {which: shaped(which, "in-context") for which in (FULL, NO_ACTION)}
    found = judged(learn, stored())
    (result,) = (each for each in found.cells if each.cell == NO_ACTION)
    assert has(result.routes[A]) is None
    assert (found.claim.status, found.claim.cells) == ("undecided", (NO_ACTION,))
    assert "what the memory holds was not measured" in found.claim.sentence
    assert route_words(result)[A] == "undecided"


def test_a_task_that_pays_once_tests_no_learning() -> None:
    """Working memory is not in-context learning: claims 1 and 2 are not applicable, claim 3 says what it is."""
    outside = cell(FULL.lacking(M), jittered(0.95))
    runs = tuple(map(stored_outside, outside.runs))
    learn = {FULL: shaped(FULL, "in-context"), outside.cell: replace(outside, runs=runs)}
    found = judged(learn, stored(working_memory=True), writable=True)
    assert [each.status for each in (found.claim, found.leak_claim)] == ["not applicable"] * 2
    assert "tests working memory and not learning" in found.claim.sentence
    assert found.sentence.startswith(
        "Working memory (a lifetime pays once, so nothing is learned) was shown in 2 of 16"
    )
    assert found.storage_claim.status == "supported"
    assert "as working memory (a lifetime pays once, so nothing is learned)" in found.storage_claim.sentence


def test_claim_3_needs_an_environment_that_can_be_written_on() -> None:
    """Elsewhere it is not applicable; where no agent without memory did, that does not show that none can."""
    full = {FULL: shaped(FULL, "in-context")}
    assert judged(full, stored()).storage_claim.status == "not applicable"
    found = judged(full, stored(), writable=True).storage_claim
    assert found.status == "undecided"
    assert "does not show that none can" in found.sentence


def test_routes_are_in_the_json_of_cells_that_learn_and_of_the_full_one() -> None:
    """Every route with what it was measured by; other cells have none, and a graded level is a share."""
    found = judged(bandit(HOLDS, unseen=0.35), stored())
    by_cell = {result.cell: result.json()["routes"] for result in found.cells}
    assert {which for which, routes in by_cell.items() if routes} == {FULL, NO_ACTION}
    assert list(by_cell[FULL]) == list(INGREDIENTS)
    first, *_ = by_cell[FULL][A]
    assert first == {
        "route": "shown",
        "present": True,
        "measure": "the channel is on",
        "mean": None,
        "low": None,
        "high": None,
    }
    alone = judge_stored([shaped(FULL, "none")], stored()).cells[0]
    assert (alone.verdict, alone.json()["routes"] != {}) == ("none", True)
    half = shaped(Cell(True, 0.5, True, True), "in-context")
    (result,) = judge_stored([half], stored()).cells
    assert result.routes[A][0].measure == "the channel is on 50% of the steps"
    assert route_words(result) == {R: "shown", A: "shown", M: "switched on", T: "switched on"}


def test_a_section_of_tasks_says_what_its_yardstick_does_not_use() -> None:
    """Planets and pay-offs are enough in the two-step task; an interval is one trial; a bandit says nothing."""
    asked: list[dict[str, object]] = [
        {"family": "two-step"},
        {"family": "interval-reproduction"},
        {"family": "bernoulli-bandit", "arms": 2},
    ]
    sections = [
        parse_study({"name": "t", "tasks": {**tasks, "episodes": 5}, "ingredients": {}}, "test").tasks
        for tasks in asked
    ]
    said = [(section.unneeded, section.working_memory) for section in sections]
    assert said == [((A,), False), ((R, A), True), ((), False)]
