"""Emergence: when in training a run came to adapt, and whether it lost that again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from judgement_cases import FULL, curve, jittered, judge, judge_stored, references, run

from ingredients.judgement import CellInput, Emergence
from ingredients.judgement.emergence import Bar, Bars, bar_at_points, emergence
from ingredients.judgement.scores import Scale
from ingredients.judgement_input.references import read_references

END = Bar(Scale(curve(0.0, 0.0), yardstick_late=0.9), reactive=0.5)
BARS = Bars(points=END, end=END, delta=0.1)


@pytest.mark.parametrize(
    ("lates", "expected"),
    [
        ((0.0, 0.7, 0.8, 0.9), Emergence(at=200)),
        ((0.7, 0.0, 0.8, 0.9), Emergence(at=300)),
        ((0.0, 0.55, 0.7, 0.9), Emergence(at=300)),
        ((0.7, 0.8, 0.9, 0.0), Emergence(lost_from=100, lost_at=400)),
        ((0.7, 0.8, 0.0, 0.9), Emergence(at=400)),
        ((0.0, 0.0, 0.0, 0.9), Emergence(at=400)),
        ((0.7, 0.0, 0.8, 0.0), Emergence()),
        ((), Emergence()),
    ],
    ids=[
        *("rises", "held, lost, came back", "beyond the hurdle, but not by δ", "transient", "came back at the end"),
        *("at the end, on all tasks", "single points before are luck", "no points"),
    ],
)
def test_emergence_is_the_start_of_the_stretch_that_holds_to_the_end(
    lates: tuple[float, ...], expected: Emergence
) -> None:
    """The hurdle is .5 and δ is .1; what is lost again must have held at two consecutive points."""
    points = {100 * (index + 1): curve(0.0, score) for index, score in enumerate(lates)}
    assert emergence(points, BARS, sibling=None) == expected


def test_the_sibling_is_a_hurdle_where_it_is_the_higher() -> None:
    """.8 is beyond the reactive .5 by more than δ, and beyond the sibling's .75 by less."""
    points = {100: curve(0.0, 0.8), 200: curve(0.0, 0.8)}
    assert emergence(points, BARS, sibling=None).at == 100
    assert emergence(points, BARS, sibling=0.75).at is None


def test_emergence_asks_for_gain_too() -> None:
    """A score that is high from the first episode on is no adaptation, however high."""
    assert emergence({100: curve(0.9, 0.95), 200: curve(0.9, 0.95)}, BARS, sibling=None) == Emergence()


def test_points_are_scored_by_what_the_references_earn_on_their_own_tasks() -> None:
    """The tasks of the points pay .1 more to everyone: by the scale of the end, a floor there would seem to score."""
    stored = references()
    stored["at_points"] = {
        name: [value + 0.1 for value in entry["curves"]["none"][1]] for name, entry in stored["references"].items()
    }
    bar = bar_at_points(read_references(stored), END)
    assert bar.scale.normalise(float((curve(0.0, 0.0) + 0.1)[-1])) == pytest.approx(0.0)
    assert bar.reactive == pytest.approx(0.5)
    assert bar_at_points(read_references(references()), END) is END


def test_the_end_of_training_is_scored_on_the_scale_of_all_tasks() -> None:
    """Points that only seem high, since their tasks pay more, are not where a run emerged."""
    stored, generous = references(), curve(0.0, 0.7) + 0.1
    stored["at_points"] = {
        name: [value + 0.1 for value in entry["curves"]["none"][1]] for name, entry in stored["references"].items()
    }
    runs = tuple(run(seed, score, carried=0.5) for seed, score in enumerate(jittered(0.95)))
    for each in runs:
        each.points.update({100: generous, 200: curve(0.0, 0.55) + 0.1, 300: generous, 400: each.plain})  # type: ignore[attr-defined]
    result = judge_stored([CellInput(FULL, runs)], stored).cells[0]
    assert [each.emergence.at for each in result.runs] == [300] * 5


def test_emergence_is_the_median_over_runs() -> None:
    """Emerged at 200, 300, 300, 400 and at the end: the median is 300; a cell that is not in-context has none."""
    starts = (200, 300, 300, 400, 500)
    runs = tuple(
        run(
            seed,
            score,
            carried=0.5,
            **{f"step_{step}": 0.9 if step >= start else 0.0 for step in (100, 200, 300, 400, 500)},
        )
        for seed, (start, score) in enumerate(zip(starts, jittered(0.95), strict=True))
    )
    result = judge(CellInput(FULL, runs)).cells[0]
    assert [each.emergence.at for each in result.runs] == [200, 300, 300, 400, 500]
    assert result.emerges_at_step == 300
    assert judge(CellInput(FULL, runs[:1])).cells[0].emerges_at_step is None


def test_a_run_without_points_counts_as_later_than_any() -> None:
    """Two of five have points: more than half of the runs never showed when."""
    runs = tuple(
        run(seed, score, carried=0.5, **({"step_100": 0.9, "step_200": 0.9} if seed < 2 else {}))
        for seed, score in enumerate(jittered(0.95))
    )
    result = judge(CellInput(FULL, runs)).cells[0]
    assert (result.verdict, result.emerges_at_step) == ("in-context", None)


def test_a_run_that_learned_and_lost_it_is_transient() -> None:
    """A cell of runs that adapted in mid-training says how many lost it, and since when."""
    runs = tuple(run(seed, score, step_100=0.9, step_200=0.9, step_300=0.0) for seed, score in enumerate(jittered(0.0)))
    result = judge(CellInput(FULL, runs)).cells[0]
    assert (result.verdict, result.transient) == ("none", 5)
    assert result.runs[0].emergence == Emergence(lost_from=100, lost_at=300)


@pytest.mark.parametrize(("better", "memorises"), [(0.09, False), (0.15, True)])
def test_own_tasks_that_are_easier_by_chance_are_not_memorised(better: float, memorises: bool) -> None:
    """Every run is better on its own training tasks; only by more than δ = .1 of the scale is it said to memorise."""
    runs = tuple(run(seed, late) for seed, late in enumerate(jittered(0.0)))
    own = tuple(replace(one, training_points={100: one.plain + 0.4 * better}) for one in runs)
    (result,) = judge(CellInput(FULL, own)).cells
    memorised = result.numbers["memorised"]
    assert memorised is not None
    assert memorised.mean == pytest.approx(0.4 * better)
    assert memorised.low is not None
    assert memorised.low > 0
    assert result.memorises is memorises
