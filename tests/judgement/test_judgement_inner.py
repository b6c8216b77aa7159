"""The rule that names an inner algorithm, on distances written by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ingredients.grid import Cell
from ingredients.inner.names import CANDIDATES, KNOWN
from ingredients.judgement import CellInput, Curve, RunCurves
from ingredients.judgement.inner import InnerVerdict, came_first, inner_result, nearest

BLIND = [(False, True), (0.5, True), (False, False), (True, True)]  # whether actions are shown, and memory carried
FAR: dict[str, list[float]] = {name: [0.2, 0.21, 0.22] for name in CANDIDATES}


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({"greedy": [0.1, 0.11, 0.12]}, "greedy"),
        ({"greedy": [0.1, 0.11, 0.12], "bayes-adaptive": [0.11, 0.1, 0.13]}, "undecided"),
        ({"posterior-sampling": [0.19, 0.2, 0.21]}, "posterior-sampling"),  # by little, and in every run
        ({"posterior-sampling": [0.1, 0.1, 0.4]}, "undecided"),
        ({"reactive": [0.0, 0.0, 0.0], "history-free": [0.001, 0.001, 0.001]}, "history-free"),
        ({"reactive": [0.0, 0.0, 0.0], "history-free": [0.01, 0.01, 0.01]}, "reactive"),
        ({}, "undecided"),
    ],
)
def test_the_nearest_candidate(changed: dict[str, list[float]], verdict: InnerVerdict) -> None:
    """A candidate is named if it is nearer than each other one in all that the runs leave open."""
    assert nearest({**FAR, **changed}, 0.95) == verdict


def test_one_run_tells_nothing() -> None:
    """An interval over one run has no bounds."""
    assert nearest({**{name: [0.2] for name in CANDIDATES}, "greedy": [0.0]}, 0.95) == "undecided"


@pytest.mark.parametrize(
    ("belief", "lost", "said"),
    [
        ([0.1, 0.8, 0.9], [0.1, 0.09, 0.01], "belief"),
        ([0.1, 0.2, 0.9], [0.1, 0.02, 0.01], "behaviour"),
        ([0.1, 0.8, 0.9], [0.1, 0.02, 0.01], "together"),
        ([0.9, 0.9, 0.95], [0.1, 0.02, 0.01], "untrained"),
        ([0.1, 0.8, 0.9], [0.1, 0.1, 0.09], "neither"),
        ([0.0, 0.0, 0.05], [0.1, 0.02, 0.01], "neither"),
    ],
)
def test_belief_or_behaviour_first(belief: list[float], lost: list[float], said: str) -> None:
    """Each is dated by the point at which it was half-way; where one hardly changed, there is nothing to date."""
    assert came_first({"course.mean": belief, "course.lost": lost}) == said


def analysed(seed: int, far: dict[str, float], lost: float, habit: float = 0.1) -> RunCurves:
    """Returns a run with an analysis, its gate included."""
    analysis = {f"distance.{name}": [far.get(name, 0.3)] for name in CANDIDATES}
    for known, verdict in KNOWN.items():
        analysis |= {f"gate.{known}.{name}": [0.0 if name == verdict else 0.1] * 5 for name in CANDIDATES}
        analysis[f"gate.{known}.order"] = [habit if known == "recency" else 0.0] * 5
    analysis |= {f"lost.{place}.agent": [lost, 3 * lost] for place in ("own", "bayes")}
    analysis |= {"course.mean": [0.0, 1.0], "course.lost": [1.0, 0.0], "order.agent": [0.1, 0.2]}
    curve: Curve = np.zeros(5)
    return RunCurves(seed, curve, analysis=analysis)


def test_a_cell_of_three_runs() -> None:
    """Its verdict, what the nearest candidate explains, and losses per decision as means over pulls and runs."""
    far = [{"greedy": 0.03, "bayes-adaptive": 0.06}, {"greedy": 0.03, "bayes-adaptive": 0.05}]
    runs = tuple(analysed(seed, each, lost) for seed, (each, lost) in enumerate(zip(far, (0.01, 0.02), strict=True)))
    result = inner_result(CellInput(Cell(True, True, True, True), runs), 0.5)
    assert result is not None
    assert (result.verdict, result.reason) == ("greedy", None)
    assert result.explained.mean == pytest.approx(0.9)
    assert result.lost["own"]["agent"].mean == pytest.approx(0.03)
    assert result.by_pull["bayes"]["agent"] == pytest.approx([0.015, 0.045])
    assert result.first == {"together": 2}
    assert result.json()["verdict"] == "greedy"


def test_a_closed_gate_leaves_no_verdict() -> None:
    """Where the habit is not moved by order, the measure shows nothing, and no cell is called anything."""
    runs = tuple(analysed(seed, {"greedy": 0.0}, 0.01, habit=0.0) for seed in range(3))
    result = inner_result(CellInput(Cell(True, True, True, True), runs), 0.95)
    assert result is not None
    assert (result.verdict, result.reason) == (None, "the gate failed: another order of the past moves no habit")


def test_agents_that_do_not_see_their_actions_have_no_verdict() -> None:
    """With a memory they rely on what they meant to do; without one nothing misleads them."""
    runs = tuple(analysed(seed, {"greedy": 0.0}, 0.01) for seed in range(3))
    made = [inner_result(CellInput(Cell(True, shown, memory, True), runs), 0.95) for shown, memory in BLIND]
    assert [each and each.verdict for each in made] == [None, None, "greedy", "greedy"]
    reasons = [str(each and each.reason) for each in made]
    assert [reason.startswith("its agents do not see their actions") for reason in reasons] == [
        True,
        True,
        False,
        False,
    ]


def test_a_study_that_did_not_ask_has_no_result() -> None:
    """Runs without an analysis leave the judgement as it was."""
    curve: Curve = np.zeros(5)
    assert inner_result(CellInput(Cell(True, True, True, True), (RunCurves(0, curve),)), 0.95) is None
