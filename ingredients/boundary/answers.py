"""Checks what a Gymnasium environment's reset and step return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ingredients.boundary.failures import Unfit, spelled

STEP = "(observation, reward, terminated, truncated, info)"


def of_reset(answer: Any) -> Any:  # noqa: ANN401 - whatever was returned
    """Returns a reset's observation.

    Raises:
        Unfit: the answer is no (observation, info).
    """
    if type(answer) is not tuple or len(answer) != 2 or not isinstance(answer[1], Mapping):
        raise Unfit(f"{_counted(answer)}; expected: (observation, info), info a dict")
    return answer[0]


def of_step(answer: Any) -> Any:  # noqa: ANN401 - whatever was returned
    """Returns a step's answer.

    Raises:
        Unfit: it is not five parts, the last a dict.
    """
    if not isinstance(answer, tuple | list) or len(answer) != 5 or not isinstance(answer[4], Mapping):
        raise Unfit(f"{_counted(answer)}; expected: {STEP}, info a dict")
    return answer


def number(reward: Any) -> float:  # noqa: ANN401 - whatever was returned
    """Returns a reward as a number.

    Raises:
        Unfit: it is not one number.
    """
    if isinstance(reward, float | int):
        return float(reward)
    array = array_of(reward)
    if array is None or array.size != 1 or array.dtype.kind not in "biuf":
        raise Unfit(f"the reward {spelled(reward)}; expected: one number")
    return float(array.item())


def flag(name: str, given: Any) -> bool:  # noqa: ANN401 - whatever was returned
    """Returns the value of `name`, `terminated` or `truncated`.

    Raises:
        Unfit: it is neither true nor false.
    """
    if given is True or given is False:
        return bool(given)
    array = array_of(given)
    if array is None or array.size != 1 or array.dtype.kind not in "biu" or array.item() not in (0, 1):
        raise Unfit(f"{name} {spelled(given)}; expected: True or False")
    return bool(array.item())


def array_of(given: Any) -> np.ndarray[Any, Any] | None:  # noqa: ANN401 - whatever was returned
    """Returns the value as an array; None if numpy cannot convert it."""
    try:
        return given if type(given) is np.ndarray else np.asarray(given)
    except Exception:
        return None


def _counted(answer: object) -> str:
    if isinstance(answer, tuple | list):
        return f"{len(answer)} parts ({', '.join(type(part).__name__ for part in answer)})"
    return f"a {type(answer).__name__}"
