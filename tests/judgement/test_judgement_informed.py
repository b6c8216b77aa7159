"""A yardstick that is shown the task: it adapts to nothing, so the gate asks only that it ends above the floor."""

from __future__ import annotations

from typing import Any

import pytest
from judgement_cases import FULL, curve, judge_stored, reference, references, shaped

from ingredients.judgement import Judgement


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
    return judge_stored(cells, stored)


def test_it_need_not_adapt() -> None:
    """It is as good early as late, and the study applies; a reference that is no informed agent would be refused."""
    found = judged(with_informed([0.97, 1.0, 1.03]))
    assert found.calibration.passed
    assert found.calibration.verdicts == {"floor": "none", "yardstick": None}
    assert [result.verdict for result in found.cells] == ["in-context", "none"]
    flat = with_informed([0.97, 1.0, 1.03])
    flat["references"]["best"] = flat["references"].pop("informed")
    assert not judged({**flat, "yardstick": "best"}).calibration.passed


@pytest.mark.parametrize(
    ("lates", "numbers", "advice"),
    [
        ([-0.1, 0.1, 0.02], "3 informed agents", "More seeds (each trains an informed agent, up to 5) or more learner"),
        (
            [-0.1, 0.1, 0.02, 0.1, -0.1],
            "5 informed agents",
            "the floor (random) 0.5. More learner.train_steps would tell",
        ),
        ([0.0, 0.0, 0.0], "3 informed agents", "Either all tasks ask for the same behaviour, or more"),
        ([0.9], "1 informed agent", "give 2 seeds or more"),
    ],
)
def test_where_the_task_is_not_shown_to_be_worth_knowing(lates: list[float], numbers: str, advice: str) -> None:
    """Nothing is judged, "does not" is not said, and the numbers, the seeds and what to do stand there."""
    found = judged(with_informed(lates))
    assert not found.calibration.passed
    assert {result.verdict for result in found.cells} == {None}
    reason = found.calibration.reason or ""
    assert reason.startswith(f"it is not shown with {numbers} that knowing the task helps")
    assert f"(informed) earns {0.5 + 0.4 * sum(lates) / len(lates):.4g}" in reason
    assert "the floor (random) 0.5." in reason
    assert advice in reason
    assert "does not" not in found.sentence
    scored = {result.late.mean is not None for result in found.cells}
    given = {True: "Scores are shown, verdicts are not given.", False: "Neither scores nor verdicts are given."}
    assert found.sentence.endswith(given[scored.pop()])


def test_a_task_that_a_reaction_solves_is_called_that() -> None:
    """The agent without memory reaches the yardstick, so the sentence is about the task and not about the agent."""
    cells = [shaped(FULL, "reactive"), shaped(FULL.lacking("memory"), "reactive")]
    stored = with_informed([0.45, 0.45, 0.45])
    found = judge_stored(cells, stored)
    assert "A reaction to the last step solves these tasks. Without memory the late score is " in found.sentence
    assert "the agent or its training" not in found.sentence


def test_an_informed_yardstick_is_not_said_to_adapt() -> None:
    """Where the full cell shows nothing, it is said that the informed agent only knows what others have to find out."""
    cells = [shaped(FULL, "none"), shaped(FULL.lacking("memory"), "none")]
    found = judge_stored(cells, with_informed([0.97, 1.0, 1.03]))
    assert "how much of it can be found out in a lifetime is not known" in found.sentence
    assert "yardstick adapts" not in found.sentence


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
    found = judge_stored([shaped(FULL, "in-context")], references())
    assert found.calibration.verdicts == {"floor": "none", "reactive": "reactive", "yardstick": "in-context"}
