"""Whole studies judged: pairing, failures, the gate, ceilings, emergence, and what comes out as JSON."""

from __future__ import annotations

import dataclasses
import json
from functools import cache
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from judgement_cases import (
    ALL_CELLS,
    FULL,
    Changes,
    cell,
    curve,
    jittered,
    judge,
    on_blocks,
    reference,
    run,
    shaped,
    shaped_grid,
)

from ingredients.api.result import cell_row
from ingredients.grid import Cell
from ingredients.judgement import CellInput, CellResult, Judgement, RunCurves, cell_numbers
from ingredients.judgement_input.curves import BlockCurves
from ingredients.report import columns
from ingredients.study import MemoryKind, WipeEvery

NO_ACTION, NO_MEMORY = FULL.lacking("action_observation"), FULL.lacking("memory")
LSTM = dataclasses.replace(FULL, memory=MemoryKind("lstm"))
LSTM_OFF, NONE = LSTM.lacking("memory"), dataclasses.replace(FULL, memory=MemoryKind("none"))
FLAGSHIP = {FULL: "in-context", NO_ACTION: "in-context", NO_MEMORY: "reactive"}


def verdicts(judgement: Judgement) -> dict[Cell, str | None]:
    """Returns the verdict of each cell."""
    return {result.cell: result.verdict for result in judgement.cells}


def test_a_flagship_like_grid_is_judged_cell_by_cell() -> None:
    """Two cells learn in context, one is reactive, thirteen are none."""
    judgement = judge(*shaped_grid(FLAGSHIP))
    assert verdicts(judgement) == {which: FLAGSHIP.get(which, "none") for which in ALL_CELLS}
    assert [result.cell for result in judgement.cells] == list(ALL_CELLS)
    assert judgement.calibration.verdicts == {"floor": "none", "reactive": "reactive", "yardstick": "in-context"}
    assert judgement.calibration.passed
    assert judgement.yardstick is not None
    assert (judgement.floor, judgement.yardstick.name) == (0.5, "bayes_optimal")
    assert judgement.yardstick.late == pytest.approx(0.9)


def test_the_numbers_of_a_cell_by_hand() -> None:
    """Late .9 and .7, early .1: gain .7, and D against the reference at .5."""
    result = judge(cell(FULL, [0.9, 0.7], early=0.1, carried=0.3)).cells[0]
    assert result.late.mean == pytest.approx(0.8)
    assert result.early.mean == pytest.approx(0.1)
    assert result.gain.mean == pytest.approx(0.7)
    assert result.gain.high == pytest.approx(0.7 + 12.706205 * 0.1)
    assert result.return_.mean == pytest.approx(5.0 + 0.4 * (2 * 0.1 + 8 * 0.8))
    assert result.numbers["beyond"] is not None
    assert result.numbers["beyond"].mean == pytest.approx(0.3)
    assert result.carried["internal"].mean == pytest.approx(0.3)
    assert [run.late for run in result.runs] == pytest.approx([0.9, 0.7])
    assert (result.seeds, result.failed, result.learned) == (2, 0, 2)


def test_runs_are_compared_with_the_sibling_of_their_own_seed() -> None:
    """Siblings better than the reactive reference are the hurdle, seed by seed: D is .3 for every run."""
    lates = [0.85, 0.95, 0.9, 1.0, 0.8]
    siblings = cell(NO_MEMORY, [late - 0.3 for late in lates])
    result = judge(cell(FULL, lates, carried=0.5), siblings).cells[0]
    assert [run.beyond for run in result.runs] == pytest.approx([0.3] * 5)
    assert result.verdict == "in-context"


def test_a_good_sibling_makes_a_cell_carried() -> None:
    """It adapts by what it carries, and earns no more than can be had with memory off."""
    result = judge(shaped(FULL, "in-context"), cell(NO_MEMORY, jittered(0.94))).cells[0]
    assert (result.verdict, result.storage) == ("carried", "internal")


def test_a_memory_off_cell_is_its_own_hurdle() -> None:
    """Memory off never comes out in-context, however high its score and whatever a swap seems to cost."""
    result = judge(cell(NO_MEMORY, jittered(0.95), carried=0.5)).cells[0]
    assert result.verdict == "carried"
    assert [run.beyond for run in result.runs] == [0.0] * 5


def test_in_a_writable_environment_memory_off_is_no_hurdle() -> None:
    """There the memory-off sibling may store things outside; the reactive reference still is the hurdle."""
    cells = (shaped(FULL, "in-context"), cell(NO_MEMORY, jittered(0.94)))
    result = judge(*cells, writable=True).cells[0]
    assert result.verdict == "in-context"
    assert [run.beyond for run in result.runs] == pytest.approx([late - 0.5 for late in jittered(0.95)])


def test_a_writable_environment_without_reactive_reference_is_decided_by_what_is_carried() -> None:
    """No D: the swap of the environment's state decides, and says where the past is kept."""
    runs = tuple(
        RunCurves(
            seed,
            curve(0.0, late),
            on_blocks=BlockCurves(
                on_blocks(curve(0.0, late)),
                {"internal": on_blocks(curve(0.0, late)), "environment": on_blocks(curve(0.0, late - 0.5))},
            ),
        )
        for seed, late in enumerate(jittered(0.4))
    )
    result = judge(CellInput(NO_MEMORY, runs), writable=True, changes={"reactive": None}).cells[0]
    assert (result.verdict, result.storage, result.numbers["beyond"]) == ("in-context", "environment", None)
    assert result.learned == 5


def test_without_sibling_and_reference_a_gain_stays_undecided() -> None:
    """The gate passes with the roles that there are; a gain has nothing to be compared with, no gain needs nothing."""
    gains, flat = judge(
        shaped(FULL, "in-context"), shaped(Cell(False, True, True, True), "none"), changes={"reactive": None}
    ).cells
    assert gains.verdict == "undecided"
    assert "neither a memory-off sibling nor a reactive reference" in (gains.reason or "")
    assert gains.learned == 0
    assert flat.verdict == "none"


def test_the_sibling_alone_is_enough_to_compare_with() -> None:
    """A family without a reactive reference is judged against memory off."""
    cells = (shaped(FULL, "in-context"), shaped(NO_MEMORY, "reactive"))
    assert judge(*cells, changes={"reactive": None}).cells[0].verdict == "in-context"


def test_one_seed_is_undecided() -> None:
    """A brilliant single run is known for what it is; what most would be takes four more that come out alike."""
    result = judge(cell(FULL, [0.95], carried=0.5)).cells[0]
    assert (result.verdict, result.learned, result.p) == ("undecided", 1, None)
    assert result.reason == (
        "1 in-context of 1, so at least 5% of such runs would be in-context, which does not show that most would"
    )
    assert result.advice == ("more seeds: 4 more would decide if all come out alike",)
    assert (result.late.low, result.late.high) == (None, None)


def test_three_learners_of_five_are_mixed() -> None:
    """Runs that differ are a finding: both groups are in the reason."""
    result = judge(shaped(FULL, "undecided")).cells[0]
    assert (result.verdict, result.learned) == ("mixed", 3)
    assert result.reason == "runs differ: 3 in-context, 2 none of 5"


def test_a_run_of_an_older_version_is_not_judged_by_half() -> None:
    """Without its curves on blocks of tasks a run has no interval of its own, and so no class."""
    runs = tuple(dataclasses.replace(each, on_blocks=None) for each in shaped(FULL, "in-context").runs)
    result = judge(CellInput(FULL, runs)).cells[0]
    assert (result.verdict, result.learned) == ("undecided", 0)
    assert "run-grid evaluates it again" in (result.reason or "")


def test_looks_at_a_growing_cell_are_paid_for() -> None:
    """Twelve of fifteen decide at a first look, and not at a third."""
    runs = tuple(run(seed, late, 0.0, late / 2) for seed, late in enumerate([0.95] * 12 + [0.0] * 3))
    first = judge(CellInput(FULL, runs)).cells[0]
    third = judge(CellInput(FULL, runs, looks=(5, 10)))
    assert (first.verdict, first.looks) == ("in-context", (15,))
    assert (third.cells[0].verdict, third.cells[0].looks) == ("mixed", (5, 10, 15))
    assert any("were judged 3 times as seeds were added (5, then 10, then 15)" in note for note in third.notes)
    assert judge(CellInput(FULL, runs, looks=(15,))).cells[0].verdict == "in-context"  # the same seeds: no new look


def test_a_score_that_still_rises_asks_for_steps_and_one_that_does_not_for_a_learner() -> None:
    """Three kinds of advice, each where it is true: seeds, steps, a better learner."""
    rising = CellInput(FULL, tuple(run(s, 0.4, 0.0, 0.2, step_1=0.1, step_2=0.4) for s in range(5)))
    flat = CellInput(FULL, tuple(run(s, 0.4, 0.0, 0.2, step_1=0.4, step_2=0.4) for s in range(5)))
    assert judge(rising).cells[0].advice == (
        "more steps: between the last two points of training the late score still rose by 0.30",
    )
    assert judge(flat).cells[0].advice == (
        "a better learner: it returns less than it could, and its late score no longer rises",
    )


def test_below_the_floor_is_said_of_every_cell() -> None:
    """Where the environment leaks there is no ceiling, but there is a floor."""
    result = judge(cell(NO_ACTION, jittered(-0.4))).cells[0]
    assert (result.shortfall or "") == (
        "not learned: a lifetime returns 3.7, where the floor (best_fixed) has 5.0 (1.3 [1.2, 1.3] less)"
    )


def test_a_shortfall_that_its_interval_leaves_open_is_a_perhaps() -> None:
    """Two runs of five are at their ceiling and three on the floor: the mean is short, and how short is not shown."""
    result = judge(cell(NO_MEMORY, [0.5, 0.5, 0.0, 0.0, 0.0])).cells[0]
    assert (result.shortfall or "").startswith("perhaps not learned: a lifetime returns ")
    assert not any(line.startswith("a better learner") for line in result.advice)
    one = judge(cell(NO_MEMORY, [0.0])).cells[0]
    assert "less, in one run" in (one.shortfall or "")


def test_failed_runs_that_would_change_the_verdict_undecide_it() -> None:
    """Five learners are in-context beside no failure, undecided beside two, which count against it."""
    learners = jittered(0.95)
    assert judge(cell(FULL, learners, carried=0.5)).cells[0].verdict == "in-context"
    result = judge(cell(FULL, learners, carried=0.5, failed=2)).cells[0]
    assert (result.verdict, result.seeds, result.failed, result.learned) == ("undecided", 5, 2, 5)
    assert (result.reason or "").startswith("5 in-context, 2 failed of 7")


def test_failed_runs_that_change_nothing_leave_the_verdict() -> None:
    """Nine of ten decide, whatever the tenth would have been."""
    result = judge(cell(FULL, [*jittered(0.0), *jittered(0.01)[:4]], failed=1)).cells[0]
    assert (result.verdict, result.failed) == ("none", 1)


@pytest.mark.parametrize("which", [FULL, LSTM])
def test_a_run_without_its_sibling_has_nothing_to_be_compared_with(which: Cell) -> None:
    """Siblings are the only hurdle here; the run whose sibling failed has no D, so four of five are known."""
    lates = jittered(0.95)
    siblings = tuple(run(seed, late - 0.5) for seed, late in enumerate(lates[:4]))
    cells = (cell(which, lates, carried=0.5), CellInput(which.lacking("memory"), siblings, failed_seeds=(4,)))
    result = judge(*cells, changes={"reactive": None}).cells[0]
    assert [run.beyond for run in result.runs[:4]] == pytest.approx([0.5] * 4)
    assert [run.verdict for run in result.runs] == ["in-context"] * 4 + ["undecided"]
    assert result.verdict == "undecided"


@pytest.mark.parametrize(
    ("which", "reason"), [(CellInput(FULL), "not run yet"), (cell(FULL, [], failed=3), "all runs failed (3)")]
)
def test_a_cell_without_a_finished_run(which: CellInput, reason: str) -> None:
    """A filtered, interrupted or failed study is judged as far as it goes."""
    result = judge(which, shaped(NO_MEMORY, "reactive")).cells[0]
    assert (result.verdict, result.reason, result.seeds) == ("undecided", reason, 0)
    assert result.late.mean is None


def test_each_verdict_holds_by_itself_and_the_report_says_from_when_they_hold_together() -> None:
    """P = 1/32 for five of five; sixteen of them hold together from nine seeds on."""
    five = judge(*shaped_grid(FLAGSHIP))
    assert {(result.p, result.p_holm) for result in five.cells} == {(1 / 32, 0.5)}
    assert any("For 16 cells that takes 9 seeds that agree" in note for note in five.notes)
    nine = judge(*(cell(which, [0.01 * seed / 9 for seed in range(9)]) for which in ALL_CELLS))
    assert any(note.startswith("All 16 verdicts hold together at 95%") for note in nine.notes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bayes_optimal": reference(0.97, 1.0, carried=0.6)}, "the yardstick (bayes_optimal), known to be in-context"),
        ({"bayes_optimal": reference(0.0, 1.0, carried=0.0)}, "the yardstick (bayes_optimal), known to be in-context"),
        (
            {"reactive": reference(0.0, 0.95)},
            "the yardstick (bayes_optimal), known to be in-context, came out as carried",
        ),
        (
            {"best_fixed": reference(0.0, 0.0) | {"curves": {"none": [curve(0, 0).tolist()]}}},
            "played on too few tasks for an interval",
        ),
    ],
    ids=["task visible at once", "nothing carried", "no more than reactive", "one simulated run"],
)
def test_a_failed_gate_gives_no_verdict_and_says_why(changes: Changes, words: str) -> None:
    """The study is not applicable, which is not `none`: scores are kept, every verdict is null."""
    judgement = judge(*shaped_grid(FLAGSHIP), changes=changes)
    assert set(verdicts(judgement).values()) == {None}
    assert not judgement.calibration.passed
    assert all(
        (result.reason or "").startswith("not applicable: the rule cannot tell here what agents do")
        for result in judgement.cells
    )
    assert words in (judgement.cells[0].reason or "")
    assert judgement.sentence.startswith("Not applicable: ")
    assert judgement.cells[-1].late.mean == pytest.approx(0.95, abs=0.05)
    assert all(result.necessary is None for result in judgement.ingredients.values())
    assert judgement.minimal_sufficient == ()


def noisy(late: float, spread: float, carried: float = 0.0) -> dict[str, Any]:
    """Returns a reference of three runs that differ by so much, as where it was played on few tasks."""
    lates = [late - spread, late, late + spread]
    swapped = [curve(0.0, score - carried).tolist() for score in lates]
    plain = [curve(0.0, score).tolist() for score in lates]
    return reference(0.0, late) | {"curves": {"none": plain, "memory_swap": swapped}}


@pytest.mark.parametrize(
    ("changes", "role", "words"),
    [
        ({"reactive": noisy(0.15, 0.1)}, "reactive", "the reactive, known to be reactive, is undecided (gain interval"),
        ({"reactive": noisy(0.5, 0.1)}, "reactive", None),
        ({"bayes_optimal": noisy(1.0, 0.3, 0.6)}, "yardstick", "the yardstick (bayes_optimal), known to be in-context"),
    ],
    ids=["none or reactive", "reactive, though noisy", "a noisy yardstick"],
)
def test_noise_of_few_tasks_does_not_close_the_gate(changes: Changes, role: str, words: str | None) -> None:
    """A reference that is undecided contradicts nothing: cells are judged, and a note says what is open, and why."""
    judgement = judge(*shaped_grid(FLAGSHIP), changes=changes)
    assert judgement.calibration.passed
    assert judgement.cells[-1].verdict == "in-context"
    assert (judgement.calibration.verdicts[role] in ("undecided", "carried")) == (words is not None)
    notes = [note for note in judgement.notes if note.startswith("The policies of known strength leave")]
    assert len(notes) == (words is not None)
    if words is not None:
        assert words in (judgement.calibration.doubt or "")
        assert "more evaluation.tasks would tell" in notes[0]


def test_a_noisy_yardstick_that_cannot_be_in_context_closes_the_gate() -> None:
    """Its gain straddles δ, but the swap costs nothing: whatever more tasks would say, nothing is learned there."""
    judgement = judge(*shaped_grid(FLAGSHIP), changes={"bayes_optimal": noisy(1.0, 0.5)})
    assert judgement.calibration.verdicts["yardstick"] == "undecided"
    assert not judgement.calibration.passed
    assert judgement.calibration.doubt is None
    assert "came out as undecided (gain interval" in (judgement.calibration.reason or "")


def test_a_noisy_floor_closes_the_gate() -> None:
    """The zero of every score is not known to within δ, so no cell can be told from it."""
    judgement = judge(*shaped_grid(FLAGSHIP), changes={"best_fixed": noisy(0.0, 0.2)})
    assert not judgement.calibration.passed
    assert "more evaluation.tasks would tell" in (judgement.calibration.reason or "")


def test_where_the_yardstick_is_undecided_nothing_follows_from_an_agent_that_did_not_learn() -> None:
    """It is not said that the yardstick does adapt."""
    noise: Changes = {"bayes_optimal": noisy(1.0, 0.3, 0.6)}
    found = judge(*shaped_grid({}), changes=noise)
    assert "Whether the yardstick adapts on these tasks is undecided, too" in found.sentence
    assert "The yardstick adapts" in judge(*shaped_grid({})).sentence


def test_a_reactive_policy_that_settles_early_leaves_the_study_applicable() -> None:
    """Where it comes out as none, in-context verdicts stand as before, and a note says what none may hide."""
    judgement = judge(shaped(FULL, "in-context"), changes={"reactive": reference(0.45, 0.5)})
    assert judgement.calibration.passed
    assert judgement.calibration.verdicts["reactive"] == "none"
    assert judgement.cells[0].verdict == "in-context"
    assert any("a cell that reacts may come out as none" in note for note in judgement.notes)


def test_without_a_scale_there_are_returns_and_no_scores() -> None:
    """A yardstick on the floor: nothing to adapt to, nothing divided by zero."""
    judgement = judge(*shaped_grid(FLAGSHIP), changes={"bayes_optimal": reference(0.0, 0.0)})
    full = judgement.cells[-1]
    assert "there is nothing to adapt to" in (full.reason or "")
    assert full.return_.mean == pytest.approx(5.0 + 0.4 * 8 * 0.95)
    assert (full.late.mean, full.gain.mean, full.verdict, full.learned) == (None, None, None, 0)
    json.dumps(judgement.json(), allow_nan=False)


def test_a_graded_memory_is_paired_with_memory_off() -> None:
    """The sibling of `wipe_every=4` is the cell without memory."""
    wiped = dataclasses.replace(FULL, memory=WipeEvery(4))
    result = judge(shaped(wiped, "in-context"), cell(NO_MEMORY, jittered(0.94))).cells[0]
    assert [run.beyond for run in result.runs] == pytest.approx([0.01] * 5)
    assert (result.verdict, result.in_context_excluded) == ("carried", True)  # its swap costs what it carries


@pytest.mark.parametrize(
    ("sibling", "verdict"), [(LSTM_OFF, "carried"), (NO_MEMORY, "in-context"), (NONE, "in-context")]
)
def test_a_kind_is_paired_with_its_own_sibling(sibling: Cell, verdict: str) -> None:
    """What the same LSTM does without its state is the hurdle of an LSTM, not what a GRU or a plain network does."""
    result = judge(shaped(LSTM, "in-context"), cell(sibling, jittered(0.94))).cells[0]
    assert result.verdict == verdict
    full = judge(shaped(FULL, "in-context"), cell(sibling, jittered(0.94))).cells[0]
    assert full.verdict == ("carried" if sibling == NO_MEMORY else "in-context")


@pytest.mark.parametrize("which", [LSTM_OFF, NONE])
def test_a_kind_that_carries_nothing_is_its_own_hurdle(which: Cell) -> None:
    """Neither a memory-off sibling nor a network without memory comes out in-context, whatever its curves look like."""
    result = judge(cell(which, jittered(0.95), carried=0.5)).cells[0]
    assert result.verdict == "carried"
    assert [run.beyond for run in result.runs] == [0.0] * 5


def test_references_are_reported_as_means_over_their_runs() -> None:
    """Curve, return, exactness and the expected return under the prior."""
    yardstick = judge(shaped(FULL, "none")).references["bayes_optimal"]
    assert yardstick.curve == pytest.approx(tuple(curve(0.0, 1.0)))
    assert yardstick.return_ == pytest.approx(8.2)
    assert (yardstick.exact, yardstick.expected_return) == (True, 8.3)


def test_a_yardstick_that_is_not_surely_above_the_floor_closes_the_gate() -> None:
    """Its runs scatter around the floor: no scale, whatever else they leave undecided."""
    found = judge(shaped(FULL, "in-context"), changes={"bayes_optimal": noisy(0.1, 1.1, carried=0.1)}).calibration
    assert not found.passed
    assert "not surely more than the floor (best_fixed, 0.5): there is nothing to adapt to" in (found.reason or "")


def test_how_much_more_the_full_cell_returns_than_each_reference() -> None:
    """By seed less the reference on the same tasks, in raw return; without runs there is no number."""
    runs = shaped(FULL, "in-context")
    judged = judge(runs)
    returns = np.array([run.return_ for run in judged.cells[0].runs])
    error = scipy.stats.sem(returns)
    for each in judged.references.values():
        mean, found = returns.mean() - each.return_, each.passed_by
        by_hand = (mean, *scipy.stats.t.interval(0.95, len(returns) - 1, mean, error))
        assert (found.mean, found.low, found.high) == pytest.approx(by_hand)
    assert judge(CellInput(FULL)).references["bayes_optimal"].passed_by.mean is None


def test_everything_is_json_without_nan() -> None:
    """The judged part of report.json in the order of docs/design.md §10: strict JSON even without a number."""
    cells = [
        *shaped_grid(FLAGSHIP)[:-3],
        cell(ALL_CELLS[-3], [0.5]),
        CellInput(ALL_CELLS[-2]),
        cell(FULL, [], failed=2),
    ]
    data = json.loads(json.dumps(judge(*cells).json(), allow_nan=False))
    assert list(data)[:6] == ["floor", "yardstick", "references", "cells", "ingredients", "minimal_sufficient"]
    assert list(data["cells"][0])[:15] == [
        "cell", "seeds", "failed", "return", "early", "late", "gain", "ceiling", "learned", "verdict", "share",
        "storage", "reason", "emerges_at_step", "classes",
    ]  # fmt: skip
    assert list(data["cells"][0]["share"]) == ["of", "low", "high"]
    assert list(data["yardstick"]) == ["name", "exact", "late"]
    assert list(data["references"]["reactive"]) == ["curve", "return", "exact", "expected_return", "passed_by"]
    assert list(data["cells"][0]["ceiling"]) == ["information", "method", "return", "trainable_incentive"]
    assert list(data["ingredients"]["memory"]["effect"])[:4] == ["mean", "low", "high", "p"]
    assert data["cells"][-3]["late"] == {"mean": pytest.approx(0.5), "low": None, "high": None}


@cache
def judged_in_order() -> tuple[list[CellInput], Judgement]:
    """Returns a grid with cells of every verdict, and the judgement on it."""
    grid = shaped_grid({**FLAGSHIP, Cell(True, False, True, False): "undecided"})
    return grid, judge(*grid)


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.permutations(range(16)), st.permutations(range(5)))
def test_order_of_cells_and_seeds_changes_nothing(cell_order: list[int], run_order: list[int]) -> None:
    """Judging is a function of the set of runs."""
    grid, expected = judged_in_order()
    shuffled = [CellInput(grid[i].cell, tuple(grid[i].runs[j] for j in run_order)) for i in cell_order]
    judged = judge(*shuffled)
    assert {result.cell: result for result in judged.cells} == {result.cell: result for result in expected.cells}
    assert dataclasses.replace(judged, cells=()) == dataclasses.replace(expected, cells=())


def test_seeds_can_be_any_numbers() -> None:
    """Runs pair by seed, not by position."""
    shifted = CellInput(FULL, tuple(dataclasses.replace(run, seed=run.seed + 100) for run in shaped(FULL, "none").runs))
    results: list[CellResult] = list(judge(shifted, shaped(NO_MEMORY, "reactive"), changes={"reactive": None}).cells)
    assert [run.beyond for run in results[0].runs] == [None] * 5


def test_a_number_of_a_cell_is_declared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another entry of `NUMBERS` is in the JSON, in both tables of cells, and in the table of the API."""
    worst = cell_numbers.CellNumber(
        "worst", "worst run", lambda grounds: grounds.interval([min(grounds.lates)]), "scores", brief=True
    )
    monkeypatch.setattr(cell_numbers, "NUMBERS", (*cell_numbers.NUMBERS, worst))
    (result,) = judge(cell(FULL, jittered(0.95), carried=0.5)).cells
    assert result.json()["worst"]["mean"] == pytest.approx(0.93)
    for shown in (columns.scores(), columns.brief()):
        row = dict(zip(columns.heads(shown), columns.table_rows(shown, [result])[0], strict=True))
        assert row["worst run"] == "0.93"
    assert cell_row(result.json())["worst"] == pytest.approx(0.93)
