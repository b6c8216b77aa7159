"""What leaks, and what the claims of the essay make of it (docs/design.md §5, trap 8)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from judgement_cases import FULL, judge_stored, references, shaped, shaped_grid

from ingredients.errors import StoreError
from ingredients.grid import INGREDIENTS, Cell
from ingredients.judgement import Judgement

R, A, M, T = INGREDIENTS
SILENT = replace(FULL, reward_observation=False, action_observation=False)
LEAKING, TIGHT = (0.95, 0.93, 0.98), (0.0, -0.03, 0.03)
WEAK, PARTIAL = (0.17, 0.15, 0.2), (0.5, 0.45, 0.55)


def leak(leak: float, low: float, high: float) -> dict[str, Any]:
    """Returns one entry of `leakage` as the store keeps it."""
    found = {"leak": leak, "low": low, "high": high, "accuracy": 0.9, "base_rate": 0.5, "classes": 2}
    return {**found, "leaks": low > 0.1, "reason": None}


def constant(name: str) -> dict[str, Any]:
    """Returns the entry of a quantity that never differs."""
    nothing = dict.fromkeys(("leak", "low", "high", "accuracy", "base_rate", "leaks"))
    return {**nothing, "classes": 1, "reason": f"the {name} never differed in random play"}


def judged(shapes: dict[Cell, str], reward: tuple[float, ...] = TIGHT, action: tuple[float, ...] = TIGHT) -> Judgement:
    """Returns the judgement on sixteen cells where this was measured to leak; cells not named are `none`."""
    leakage = {"reward": leak(*reward), "action": leak(*action)}
    stored = {**references(), "leakage": leakage}
    return judge_stored(shaped_grid(shapes), stored)


def test_a_cell_that_has_the_action_by_a_leak_does_not_contradict_claim_1() -> None:
    """With action off it learns, and the environment leaks the action: the route is named with its number."""
    found = judged({FULL: "in-context", FULL.lacking(A): "in-context"}, action=LEAKING).claim
    assert found.status == "channel not needed (leaked)"
    assert found.sentence == (
        "Claim 1 of the essay (all four ingredients are required) is not contradicted here, although agents learn in "
        "context without action observation. Cell 'all but action observation' learns in context and has action "
        "observation by another route. Leaked: decoder skill on what the environment shows 0.95 [0.93, 0.98]. Agents "
        "without reward observation, memory or task distribution do not learn in context."
    )


def test_a_leak_of_one_channel_excuses_no_other() -> None:
    """Reward is leaked to the cell without its channel; the cell of one task has the distribution by no route."""
    shapes = {FULL: "in-context", FULL.lacking(R): "in-context", FULL.lacking(T): "in-context"}
    found = judged(shapes, reward=LEAKING).claim
    assert (found.status, found.cells) == ("contradicted", (FULL.lacking(T),))


def test_a_leak_with_an_open_neighbour_leaves_claim_1_open() -> None:
    """The cell of one task is undecided: it alone left it open, not the one that has the action by the leak."""
    shapes = {FULL: "in-context", FULL.lacking(A): "in-context", FULL.lacking(T): "undecided"}
    found = judged(shapes, action=LEAKING).claim
    assert (found.status, found.cells) == ("undecided", (FULL.lacking(T),))


def test_a_weak_leak_is_no_proof_of_claim_2() -> None:
    """What it tells need not be how the cell has the action; a partial one is said to be partial."""
    shapes = {FULL: "in-context", FULL.lacking(A): "in-context"}
    weak, partial = (judged(shapes, action=action).leak_claim for action in (WEAK, PARTIAL))
    assert weak.status == "undecided"
    assert "action leaks weakly (0.17 [0.15, 0.20]" in weak.sentence
    assert "so weak a leak of action need not be how it does so" in weak.sentence
    assert partial.status == "supported"
    assert "action leaks in part (0.50" in partial.sentence


@pytest.mark.parametrize("leakage", [None, {"reward": leak(*TIGHT), "action": constant("action")}])
def test_what_was_not_measured_stays_open(leakage: dict[str, Any] | None) -> None:
    """In an older file, or where there was nothing to decode, the claim on leaks is neither met nor refuted."""
    stored = {**references(), "leakage": leakage}
    cells = shaped_grid({FULL: "in-context", FULL.lacking(A): "in-context"})
    found = judge_stored(cells, stored)
    assert found.claim.status == "undecided"
    assert "by which route it has action observation is undecided" in found.claim.sentence
    assert found.leak_claim.status == "not applicable"


@pytest.mark.parametrize(
    ("shapes", "reward", "action", "status", "words"),
    [
        (
            {FULL: "in-context", SILENT: "in-context"},
            LEAKING,
            LEAKING,
            "supported",
            "is supported here: cell 'memory and task",
        ),
        (
            {FULL: "in-context", FULL.lacking(A): "in-context"},
            TIGHT,
            LEAKING,
            "supported",
            "is supported here: cell 'all but act",
        ),
        (
            {FULL: "in-context", FULL.lacking(A): "in-context"},
            LEAKING,
            LEAKING,
            "contradicted",
            "is contradicted here: cell 'mem",
        ),
        ({FULL: "in-context", SILENT: "undecided"}, LEAKING, LEAKING, "undecided", "is mixed. Measured: reward leaks"),
        ({}, LEAKING, LEAKING, "undecided", "the cell with all four is not shown to learn in context either"),
        ({FULL: "undecided"}, LEAKING, LEAKING, "undecided", "the cell with all four is not shown to learn in context"),
        ({FULL: "in-context", SILENT: "in-context"}, TIGHT, TIGHT, "not applicable", "reward does not leak (0.00"),
    ],
)
def test_claim_2_is_tested_with_the_channels_off_that_leak(
    shapes: dict[Cell, str], reward: tuple[float, ...], action: tuple[float, ...], status: str, words: str
) -> None:
    """Learning that still appears supports it; where nothing leaks it is not tested."""
    found = judged(shapes, reward, action).leak_claim
    assert found.status == status
    assert words in found.sentence
    assert judged(shapes, reward, action).json()["leak_claim"] == found.json()


def test_a_ceiling_is_not_claimed_for_what_leaks() -> None:
    """Without the reward channel nothing tells one task from another, unless the environment does."""
    lacking = FULL.lacking(R)
    for reward, known in ((TIGHT, True), (LEAKING, False)):
        found = judged({FULL: "in-context"}, reward=reward)
        result = next(result for result in found.cells if result.cell == lacking)
        assert result.ceiling is not None
        assert (result.ceiling.method, result.ceiling.suffices) == (("exact", False) if known else ("bound", None))
        assert (result.shortfall or "").startswith("not learned: ") != known
        assert ("is not known" in (result.shortfall or "")) != known  # an upper bound is nothing that was missed
        assert found.ingredients[R].because == ("information" if known else None)


def test_who_is_shown_less_has_no_higher_ceiling() -> None:
    """Where the action leaks and no reward does, nothing tells one task from another, whatever is shown of actions."""
    found = {result.cell: result for result in judged({FULL: "in-context"}, TIGHT, LEAKING).cells}
    for cell in (FULL.lacking(R), FULL.lacking(R).lacking(A)):
        top = found[cell].ceiling
        assert top is not None
        assert (top.reference, top.method, found[cell].shortfall) == ("best_fixed", "exact", None)


def test_the_note_on_channels_says_what_was_measured() -> None:
    """Both numbers, or that there are none."""
    (note,) = (note for note in judged({FULL: "in-context"}, reward=LEAKING).notes if note.startswith("A channel is"))
    assert note.endswith(
        "Measured here: reward leaks (0.95 [0.93, 0.98], where 1 is every step); action does not leak (0.00 [-0.03, "
        "0.03], where 1 is every step)."
    )


def test_a_damaged_leak_is_refused() -> None:
    """An entry that lacks a key is no measurement."""
    with pytest.raises(StoreError, match=r"references\.json is damaged"):
        judge_stored([shaped(FULL, "none")], {**references(), "leakage": {"reward": {}}})
