"""A yardstick that is shown the task: it adapts to nothing, so the gate asks only that it ends above the floor."""

from __future__ import annotations

from typing import Any

import pytest
from judgement_cases import FULL, curve, reference, references, shaped

from ingredients.judgement import Judgement, judge_study
from ingredients.judgement.calibration import NOTHING_TO_KNOW
from ingredients.study import Criterion


def with_informed(lates: list[float], floor: list[float] | None = None) -> dict[str, Any]:
    """Returns references whose yardstick is an informed agent of these late scores, its floor the random policy."""
    informed = {"exact": False, "expected_return": None, "curves": {"none": [curve(s, s).tolist() for s in lates]}}
    random = reference(0.0, 0.0)
    if floor is not None:
        random["curves"] = {"none": [curve(s, s).tolist() for s in floor]}
    return {
        "floor": "random",
        "reactive": None,
        "yardstick": "informed",
        "writable": False,
        "references": {"random": random, "informed": informed},
    }


def judged(stored: dict[str, Any]) -> Judgement:
    """Returns the judgement on two cells beside these references."""
    cells = [shaped(FULL, "in-context"), shaped(FULL.lacking("memory"), "none")]
    return judge_study(cells, stored, Criterion(), writable=False)


def test_it_need_not_adapt() -> None:
    """It is as good early as late, and the study applies; a reference that is no informed agent would be refused."""
    found = judged(with_informed([0.97, 1.0, 1.03]))
    assert found.calibration.passed
    assert found.calibration.verdicts == {"floor": "none", "yardstick": None}
    assert [result.verdict for result in found.cells] == ["in-context", "none"]
    flat = with_informed([0.97, 1.0, 1.03])
    flat["references"]["best"] = flat["references"].pop("informed")
    assert not judged({**flat, "yardstick": "best"}).calibration.passed


@pytest.mark.parametrize("lates", [[-0.1, 0.1, 0.02], [0.0, 0.0, 0.0], [0.9]])
def test_where_knowing_the_task_does_not_help(lates: list[float]) -> None:
    """Its interval reaches the floor, it is no better at all, or one run gives no interval: nothing is judged."""
    found = judged(with_informed(lates))
    assert not found.calibration.passed
    assert found.calibration.reason == NOTHING_TO_KNOW
    assert {result.verdict for result in found.cells} == {None}
    scored = {result.late.mean is not None for result in found.cells}
    given = {True: "Scores are shown, verdicts are not given.", False: "Neither scores nor verdicts are given."}
    assert found.sentence.endswith(given[scored.pop()])


def test_a_floor_that_drifts_still_fails_the_gate() -> None:
    """The informed yardstick is excused from adapting, the floor is not."""
    stored = with_informed([0.97, 1.0, 1.03])
    stored["references"]["random"] = reference(0.0, 0.4)
    stored["references"]["random"]["curves"]["none"][0] = curve(0.0, -0.9).tolist()
    found = judged(stored)
    assert not found.calibration.passed
    assert found.calibration.reason is not None
    assert "the floor (random)" in found.calibration.reason


def test_it_is_no_ceiling() -> None:
    """With more training others may pass it, so no cell has it as the most that anyone could do; a score may be > 1."""
    found = judged(with_informed([0.9, 0.9, 0.91]))
    assert all(result.ceiling is None for result in found.cells)
    assert found.cells[0].late.mean is not None
    assert found.cells[0].late.mean > 1


def test_references_by_themselves_are_as_they_were() -> None:
    """Nothing changes for a family with a yardstick that adapts."""
    found = judge_study([shaped(FULL, "in-context")], references(), Criterion(), writable=False)
    assert found.calibration.verdicts == {"floor": "none", "reactive": "reactive", "yardstick": "in-context"}
