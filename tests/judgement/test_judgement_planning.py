"""Verdicts on planning: what signs amount to, when they are shown, and what the report says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from synthetic import record, write_results

from ingredients.grid import Cell, runs
from ingredients.inner.names import PLANNERS
from ingredients.judgement import CellInput, RunCurves
from ingredients.judgement.planning import SIGNS, Finding, PlanningVerdict, amount_to, planning_result
from ingredients.report.build import build_report
from ingredients.study import parse_study

FULL = Cell(True, True, True, True)
EDGES = [*([1.0, 2.0, 0.0] * 21), 1.0]
PLANS = {"composition.agent": 0.8, "devaluation.agent": 0.5, "computation.gain": 0.1, "computation.slope": 0.05}


def measured(**changed: float) -> dict[str, Sequence[float]]:
    """Returns what was measured of a run that shows no sign, but for what is changed (a dot is two underscores)."""
    numbers = {
        "composition.agent": 0.2,
        **{f"composition.{name}": 0.25 for name in ("wander", "replay", "vector_navigator")},
        **dict.fromkeys(("devaluation.agent", "devaluation.control"), 0.01),
        **dict.fromkeys(("computation.gain", "computation.slope", "computation.frozen"), 0.0),
        **dict.fromkeys(("content.trained", "content.untrained", "content.seen"), 0.05),
        "cause.effect": 0.0,
        "cause.control": 0.2,
        **{name.replace("__", "."): value for name, value in changed.items()},
    }
    players = {
        f"gate.{name}.{sign}": [0.7 if plans else 0.0] * 5
        for name, plans in PLANNERS.items()
        for sign in ("composition", "devaluation")
    }
    drawn = {"drawn.agent": [0.0, 1.0, 2.0, 3.0, 3.0], "drawn.search": [0.0, 3.0], "drawn.edges": EDGES}
    return {**{name: [value] for name, value in numbers.items()}, "cause.random": [0.0, 0.004], **players, **drawn}


def cell_of(*found: dict[str, Sequence[float]], cell: Cell = FULL) -> CellInput:
    """Returns a cell of runs of which that was measured."""
    return CellInput(cell, tuple(RunCurves(seed, np.zeros(5), analysis=each) for seed, each in enumerate(found)))


def noisy(**changed: float) -> list[dict[str, Sequence[float]]]:
    """Returns runs that differ by a thousandth."""
    return [measured(**{name: value + 0.001 * seed for name, value in changed.items()}) for seed in range(4)]


def dotted(numbers: dict[str, float]) -> dict[str, float]:
    """Returns names as keywords."""
    return {name.replace(".", "__"): value for name, value in numbers.items()}


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (("shown", "shown", "shown", "absent", "absent"), "plans"),
        (("shown", "shown", "absent", "open", "shown"), "plans"),
        (("shown", "shown", "absent", "absent", "absent"), "composes"),
        (("shown", "absent", "shown", "shown", "shown"), "composes"),
        (("shown", "shown", "open", "absent", "absent"), "undecided"),
        (("shown", "open", "shown", "shown", "shown"), "undecided"),
        (("open", "shown", "shown", "shown", "shown"), "undecided"),
        (("absent", "shown", "shown", "shown", "shown"), "neither"),
    ],
)
def test_what_signs_amount_to(found: tuple[Finding, ...], verdict: PlanningVerdict) -> None:
    """Composition comes first; with news and one sign from within it is planning."""
    assert amount_to(dict(zip(SIGNS, found, strict=True))) == verdict


def test_runs_that_show_nothing_plan_nothing() -> None:
    """No sign is shown, and the numbers are those less their controls."""
    result = planning_result(cell_of(*noisy()), 0.95)
    assert result is not None
    assert result.verdict == "neither"
    assert set(result.signs.values()) == {"absent"}
    assert result.effects["composition"]["beyond"].mean == pytest.approx(-0.05)
    assert result.effects["cause"]["beyond"].mean == pytest.approx(-0.004)


def test_runs_that_show_three_signs_plan() -> None:
    """Each number has to clear its bound beyond doubt; runs that differ much leave a sign, and the verdict, open."""
    plans = dotted(PLANS)
    result = planning_result(cell_of(*noisy(**plans)), 0.95)
    assert result is not None
    assert (result.verdict, result.reason) == ("plans", None)
    assert [result.signs[sign] for sign in SIGNS] == ["shown", "shown", "shown", "absent", "absent"]
    unlike = planning_result(cell_of(measured(**plans), measured(**{**plans, "composition__agent": 0.2})), 0.95)
    assert unlike is not None
    assert (unlike.verdict, unlike.reason) == ("undecided", "the runs leave open: composition")


def test_a_control_that_fails_leaves_its_sign_open() -> None:
    """Ticks that change a frozen state, or a positive control that moves nothing, say that the sign cannot be read."""
    result = planning_result(cell_of(*noisy(**dotted(PLANS), computation__frozen=1e-9, cause__control=0.0)), 0.95)
    assert result is not None
    assert (result.signs["computation"], result.signs["cause"]) == ("open", "open")
    assert result.verdict == "undecided"


def test_a_closed_gate_and_unseen_actions_leave_no_verdict() -> None:
    """One known player that is mistaken is named; agents that do not see their actions are misled by others' games."""
    wrong = [{**each, "gate.replay.devaluation": [0.5] * 5} for each in noisy()]
    closed = planning_result(cell_of(*wrong), 0.95)
    assert closed is not None
    assert (closed.verdict, closed.reason) == (None, "the gate failed: devaluation is shown in replay")
    unseen = planning_result(cell_of(*noisy(), cell=replace(FULL, action_observation=False)), 0.95)
    assert unseen is not None
    assert unseen.verdict is None
    assert planning_result(CellInput(FULL, (RunCurves(0, np.zeros(5)),)), 0.95) is None


def test_a_report_has_the_signs_with_a_picture(tmp_path: Path) -> None:
    """Every format says verdict and signs; the picture stands beside two sentences for each sign."""
    study = parse_study(
        {
            "name": "plans",
            "tasks": {"family": "memory-planning", "episodes": 5},
            "ingredients": {"reward_observation": [True], "action_observation": [True], "task_distribution": [True]},
            "seeds": 2,
            "evaluation": {"tasks": 32, "points": 3, "tasks_at_points": 8, "analysis": "planning"},
        },
        "test",
    )
    store = write_results(tmp_path / "plans", study)
    for run, found in zip(runs(study), noisy(**dotted(PLANS)), strict=True):
        store.write_run(replace(record(study, run), analysis=found))
    report = build_report(tmp_path / "plans")
    full = next(each for each in report.json["cells"] if each["cell"]["memory"])["planning"]
    assert full["verdict"] == "plans"
    assert full["signs"] == dict(zip(SIGNS, ("shown", "shown", "shown", "absent", "absent"), strict=True))
    assert "## Signs of planning" in report.markdown
    assert "figures/planning.png" in report.markdown
    assert 'id="planning"' in report.html
    assert "planning" in {picture.words.name for picture in report.pictures}
