"""What leaks, and what the claims of the essay make of it (DESIGN §2, trap 8)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from judgement_cases import FULL, references, shaped, shaped_grid

from ingredients.errors import StoreError
from ingredients.grid import INGREDIENTS, Cell
from ingredients.judgement import Judgement, judge_study
from ingredients.study import Criterion

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


def judged(
    shapes: dict[Cell, str],
    reward: tuple[float, ...] = TIGHT,
    action: tuple[float, ...] = TIGHT,
    task_may_show: bool = False,
) -> Judgement:
    """Returns the judgement on sixteen cells where this was measured to leak; cells not named are `none`."""
    leakage = {"reward": leak(*reward), "action": leak(*action)}
    stored = {**references(), "leakage": leakage, "floor_without_rewards": not task_may_show}
    return judge_study(shaped_grid(shapes), stored, Criterion(), writable=False)


def test_a_cell_that_learns_by_a_leak_does_not_contradict_c1() -> None:
    """With action off it learns, and the environment leaks the action: all else is needed, so C1 holds."""
    found = judged({FULL: "in-context", FULL.lacking(A): "in-context"}, action=LEAKING).claim
    assert found.status == "holds"
    assert found.sentence == (
        "C1 holds here for what is explicit or leaked: without reward observation, memory and task distribution the "
        "agent does not learn; cell 'all but action observation' learns by what the environment leaks: action leaks "
        "(0.95 [0.93, 0.98] of what there is to tell)."
    )


def test_a_cell_that_learns_where_nothing_leaks() -> None:
    """The channel is not needed, nothing was measured to leak, and memory may have worked the action out (trap 2)."""
    found = judged({FULL: "in-context", FULL.lacking(A): "in-context"}, reward=LEAKING).claim
    assert (found.status, found.cells) == ("fails", (FULL.lacking(A),))
    assert found.sentence == (
        "C1 fails here for explicit channels, because of cell 'all but action observation': it learns in context. The "
        "channel is not needed, and nothing was measured to leak: action does not leak (0.00 [-0.03, 0.03] of what "
        "there is to tell). An agent with memory can work out what it did."
    )


SHOWS = " The task shows through observations that are no leak of reward."


def test_where_the_task_shows_reward_is_neither_needed_nor_leaked() -> None:
    """It learns without any reward, which nothing leaks: the sentence says by what, and only where that can be."""
    shapes = {FULL: "in-context", FULL.lacking(R): "in-context"}
    found = judged(shapes, task_may_show=True).claim
    assert (found.status, found.cells) == ("fails", (FULL.lacking(R),))
    assert found.sentence.endswith(f"reward does not leak (0.00 [-0.03, 0.03] of what there is to tell).{SHOWS}")
    assert SHOWS not in judged(shapes).claim.sentence
    assert SHOWS not in judged({FULL: "in-context", FULL.lacking(A): "in-context"}, task_may_show=True).claim.sentence
    both = judged({**shapes, FULL.lacking(T): "in-context"}, task_may_show=True).claim
    assert both.sentence.endswith(SHOWS)


@pytest.mark.parametrize(
    ("action", "words", "caution"),
    [(WEAK, "action leaks weakly (0.17 [0.15, 0.20]", True), (PARTIAL, "action leaks in part (0.50", False)],
)
def test_how_strong_a_leak_is_that_excuses_a_cell(action: tuple[float, ...], words: str, caution: bool) -> None:
    """A leak from a tenth on excuses the channel in C1; a weak one need not be the reason, and leaves C2 open."""
    found = judged({FULL: "in-context", FULL.lacking(A): "in-context"}, action=action)
    for claim, status in ((found.claim, "holds"), (found.leak_claim, "undecided" if caution else "holds")):
        assert claim.status == status
        assert words in claim.sentence
        assert claim.sentence.endswith(" So weak a leak of action need not be what it learned by.") == caution


def test_a_leak_of_one_channel_excuses_no_other() -> None:
    """Reward off learns by the leak, memory off learns too: the second counts, and the first is said not to."""
    shapes = {FULL: "in-context", FULL.lacking(R): "in-context", FULL.lacking(T): "in-context"}
    found = judged(shapes, reward=LEAKING).claim
    assert (found.status, found.cells) == ("fails", (FULL.lacking(T),))
    assert "Not against it: cell 'all but reward observation' learns by what the environment leaks" in found.sentence


def test_a_leak_with_an_open_neighbour_leaves_c1_open() -> None:
    """The cell of one task is undecided: it alone is asked for seeds, not the one that learns by the leak."""
    shapes = {FULL: "in-context", FULL.lacking(A): "in-context", FULL.lacking(T): "undecided"}
    found = judged(shapes, action=LEAKING).claim
    assert (found.status, found.cells) == ("undecided", (FULL.lacking(T),))


@pytest.mark.parametrize("leakage", [None, {"reward": leak(*TIGHT), "action": constant("action")}])
def test_what_was_not_measured_stays_open(leakage: dict[str, Any] | None) -> None:
    """In an older file, or where there was nothing to decode, the claim on leaks is neither met nor refuted."""
    stored = {**references(), "leakage": leakage}
    cells = shaped_grid({FULL: "in-context", FULL.lacking(A): "in-context"})
    found = judge_study(cells, stored, Criterion(), writable=False)
    assert found.claim.status == "fails"
    assert found.claim.sentence.endswith("so the claim on leaked observations stays open.")
    assert found.leak_claim.status == "not applicable"


@pytest.mark.parametrize(
    ("shapes", "reward", "action", "status", "words"),
    [
        ({FULL: "in-context", SILENT: "in-context"}, LEAKING, LEAKING, "holds", "Supports C2: cell 'memory and task"),
        (
            {FULL: "in-context", FULL.lacking(A): "in-context"},
            TIGHT,
            LEAKING,
            "holds",
            "Supports C2: cell 'all but act",
        ),
        (
            {FULL: "in-context", FULL.lacking(A): "in-context"},
            LEAKING,
            LEAKING,
            "fails",
            "Speaks against C2: cell 'mem",
        ),
        ({FULL: "in-context", SILENT: "undecided"}, LEAKING, LEAKING, "undecided", "is undecided, although the env"),
        ({}, LEAKING, LEAKING, "undecided", "and so may be any cell of this agent"),
        ({FULL: "in-context", SILENT: "in-context"}, TIGHT, TIGHT, "not applicable", "reward does not leak (0.00"),
    ],
)
def test_c2_is_tested_with_the_channels_off_that_leak(
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
        assert (result.ceiling is not None) == known
        assert found.ingredients[R].because == ("information" if known else None)


def test_the_note_on_channels_says_what_was_measured() -> None:
    """Both numbers, or that there are none."""
    (note,) = (note for note in judged({FULL: "in-context"}, reward=LEAKING).notes if note.startswith("The grid"))
    assert note.endswith(
        "Measured here: reward leaks (0.95 [0.93, 0.98] of what there is to tell); action does not leak (0.00 [-0.03, "
        "0.03] of what there is to tell)."
    )


def test_a_damaged_leak_is_refused() -> None:
    """An entry that lacks a key is no measurement."""
    with pytest.raises(StoreError, match="not as it was written"):
        judge_study([shaped(FULL, "none")], {**references(), "leakage": {"reward": {}}}, Criterion(), writable=False)
