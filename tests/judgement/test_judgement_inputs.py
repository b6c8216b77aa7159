"""What cannot be judged is refused, in one line that names it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from judgement_cases import FULL, judge, judge_stored, references, shaped

from ingredients.errors import StoreError
from ingredients.judgement import CellInput, RunCurves


@pytest.mark.parametrize(
    ("plain", "message"),
    [
        (np.zeros(9), "reward on · action on · memory on · tasks on · seed 0: a curve of shape (9,) among"),
        (
            np.full(10, np.nan),
            "reward on · action on · memory on · tasks on · seed 0: a curve holds values that are not",
        ),
    ],
)
def test_curves_that_cannot_be_judged_are_refused(plain: np.ndarray, message: str) -> None:
    """A damaged store is an error that names the run, never a verdict."""
    with pytest.raises(StoreError) as error:
        judge(CellInput(FULL, (RunCurves(0, plain),)))
    assert message in str(error.value)


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"floor": "best_fixed", "yardstick": "bayes_optimal", "references": {}},
        references() | {"reactive": "no such"},
        references() | {"references": references()["references"] | {"reactive": {"exact": False}}},
        references(reactive={"exact": False, "expected_return": None, "curves": {"none": []}}),
    ],
)
def test_damaged_references_are_refused(stored: dict[str, Any]) -> None:
    """A role without a reference, or a reference without curves."""
    with pytest.raises(StoreError, match=r"references\.json is damaged"):
        judge_stored([shaped(FULL, "none")], stored)


def test_a_policy_that_carries_nothing_is_known_to_lose_nothing_to_a_swap() -> None:
    """Its curves on blocks of tasks were stored without a probe, as computed ones are: C is 0, and not unknown."""
    stored = references()
    for entry in stored["references"].values():
        entry["blocks"] = {"none": entry["curves"]["none"]}
    yardstick = stored["references"]["bayes_optimal"]
    yardstick["blocks"]["memory_swap"] = yardstick["curves"]["memory_swap"]
    found = judge_stored([shaped(FULL, "none")], stored).calibration
    assert found.verdicts == {"floor": "none", "reactive": "reactive", "yardstick": "in-context"}
    assert (found.passed, found.doubt) == (True, None)


def test_short_lifetimes_are_refused() -> None:
    """K < 5 has no early and late."""
    short = references()
    for entry in short["references"].values():
        entry["curves"] = {probe: [curve[:4] for curve in curves] for probe, curves in entry["curves"].items()}
    with pytest.raises(ValueError, match="at least 5 episodes, got 4"):
        judge_stored([], short)
