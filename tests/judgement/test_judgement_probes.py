"""What probes show: their windows and scores, on hand-made curves."""

from __future__ import annotations

import numpy as np
import pytest
from judgement_cases import FLOOR, FULL, SPAN, Changes, curve, jittered, judge, run

from ingredients.judgement import CellInput, Curve, ProbeResult, RunCurves
from ingredients.judgement.probes import touched_from
from ingredients.probes import PROBES


def raw(*scores: float) -> Curve:
    """Returns a raw curve of ten normalised scores."""
    return FLOOR + SPAN * np.array(scores)


def probed(**probes: Curve) -> dict[str, ProbeResult]:
    """Returns the probes of a cell of five runs that go from 0 to .95, each with the same curves under probes."""
    runs = tuple(run(seed, late, carried=0.5) for seed, late in enumerate(jittered(0.95)))
    with_probes = tuple(
        RunCurves(
            each.seed, each.plain, each.swapped, each.points, probes={**probes, "memory_swap": each.swapped["internal"]}
        )
        for each in runs
    )
    return dict(judge(CellInput(FULL, with_probes)).cells[0].probes)


@pytest.mark.parametrize(
    ("probe", "first"),
    [
        *((name, 5) for name in ("memory_swap", "memory_wipe", "task_switch")),
        *((probe.name, 0) for probe in PROBES if probe.throughout),
    ],
)
def test_where_a_probe_begins(probe: str, first: int) -> None:
    """Swap, wipe and switch act half-way; greedy actions and yokes through the whole lifetime."""
    assert touched_from(probe, 10) == first


def test_a_learner_learns_anew_after_the_wipe() -> None:
    """0 0 .95 .95 .95 | 0 0 .95 .95 .95: its first episodes after the wipe are as those of a lifetime."""
    wiped = probed(memory_wipe=raw(0, 0, *[0.95] * 3, 0, 0, *[0.95] * 3))["memory_wipe"]
    assert wiped.first_after.mean == pytest.approx(0.0)
    assert wiped.after.mean == pytest.approx(0.0)
    assert wiped.late.mean == pytest.approx(0.95)
    assert wiped.cost.mean == pytest.approx(2 * 0.95 / 5)


def test_the_swap_costs_over_the_episodes_that_follow() -> None:
    """.5 less in every episode of the curve's late part, from half-way on."""
    swapped = probed()["memory_swap"]
    assert swapped.cost.mean == pytest.approx(0.5)
    assert swapped.after.mean == pytest.approx(0.45)


def test_under_the_yoke_there_is_no_gain() -> None:
    """A flat curve at the floor: no gain, and all of the plain lifetime's score is lost."""
    yoked = probed(reward_yoke=curve(0.0, 0.0))["reward_yoke"]
    assert yoked.gain.mean == pytest.approx(0.0)
    assert yoked.gain.high is not None
    assert yoked.gain.high < 0.1
    assert yoked.cost.mean == pytest.approx(0.95 * 0.8)


def test_the_mean_curve_is_raw() -> None:
    """What is drawn is in the units of the environment."""
    assert probed(greedy=curve(0.25, 1.0))["greedy"].curve == pytest.approx(tuple(curve(0.25, 1.0)))


def test_a_probe_that_some_run_lacks_is_left_out() -> None:
    """Half a probe is none."""
    runs = [run(seed, late) for seed, late in enumerate(jittered(0.95))]
    some = RunCurves(9, runs[0].plain, probes={"greedy": runs[0].plain})
    assert judge(CellInput(FULL, (*runs, some))).cells[0].probes == {}


def test_without_a_scale_there_are_curves_and_no_scores() -> None:
    """Where the yardstick is no better than the floor, a probe is shown, not scored."""
    each = RunCurves(0, curve(0.0, 0.5), probes={"greedy": curve(0.0, 0.5)})
    flat: Changes = {
        "bayes_optimal": {"exact": True, "expected_return": None, "curves": {"none": [curve(0.0, 0.0).tolist()]}}
    }
    (result,) = judge(CellInput(FULL, (each,)), changes=flat).cells
    assert result.probes["greedy"].late.mean is None
    assert len(result.probes["greedy"].curve) == 10
