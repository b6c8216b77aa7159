"""What is drawn for each task (docs/tasks.md): a keyword, an attribute, or an option of `reset`, in this order.

Attributes are set before each reset; what the constructor computed from them stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ingredients.boundary.call import calling
from ingredients.boundary.failures import spelled
from ingredients.errors import StudyError
from ingredients.gyms.recipe import Environment, Recipe, close, wrong
from ingredients.study.messages import nearest

OPTION = "options."
PLAIN = (bool, int, float, str)
MOST_TRIED = 16  # values of a setting whose spaces are looked at before anything is trained
MISSING = object()


@dataclass(frozen=True)
class Knob:
    """One setting that differs from task to task.

    Attributes:
        choices: values to draw from; None for a range.
        low, high: the range; with whole numbers, both ends included.
        whole: only whole numbers: both ends are whole, and the default is no float.
    """

    name: str
    kind: Literal["keyword", "attribute", "option"]
    choices: tuple[Any, ...] | None = None
    low: float = 0.0
    high: float = 0.0
    whole: bool = False

    def value(self, uniform: float) -> Any:  # noqa: ANN401 - a number, or what the user listed
        """Returns the value for a uniform in [0, 1), copied."""
        if self.choices is not None:
            return deepcopy(self.choices[min(int(uniform * len(self.choices)), len(self.choices) - 1)])
        if self.whole:
            return min(int(self.low) + int(uniform * (self.high - self.low + 1)), int(self.high))
        return self.low + uniform * (self.high - self.low)

    def tried(self) -> list[Any]:
        """Returns values whose spaces are compared: choices, or range ends."""
        if self.choices is None:
            return [self.low, self.high]
        count = min(len(self.choices), MOST_TRIED)
        if count == 1:
            return [self.value(0.0)]
        return [self.value(index / (count - 1) * (1 - 2**-24)) for index in range(count)]


def values_of(knobs: tuple[Knob, ...], task: NDArray[Any]) -> dict[str, Any]:
    """Returns every knob's value by name, from a task's uniforms `[D]`."""
    return {knob.name: knob.value(float(uniform)) for knob, uniform in zip(knobs, task, strict=False)}


def drawn_first(knobs: tuple[Knob, ...]) -> dict[str, Any]:
    """Returns the first environment's keywords, from uniforms of 0."""
    return {knob.name: knob.value(0.0) for knob in knobs if knob.kind == "keyword"}


def knobs(recipe: Recipe, vary: Mapping[str, Any]) -> tuple[Knob, ...]:
    """Returns the knobs of a study's `vary`.

    Raises:
        StudyError: the environment lacks a setting, cannot be made with it, or changes its spaces.
    """
    if not vary:
        return ()
    parameters = recipe.parameters()
    first = {name: _first(drawn) for name, drawn in vary.items() if name in parameters}
    made = recipe.make(first)
    found = tuple(_knob(recipe, name, drawn, made, parameters) for name, drawn in vary.items())
    for knob in found:
        if knob.kind != "option":
            _check_spaces(recipe, knob, drawn_first(found), made)
    close(made)
    return found


def put(environment: Any, name: str, value: Any) -> None:  # noqa: ANN401 - whatever somebody else's object holds
    """Sets an attribute, or a part's: `model.opt.gravity.2`.

    Raises:
        Exception: the environment's own.
    """
    *path, last = name.split(".")
    owner = reduce(_part, path, environment)
    before = _part(owner, last)
    if last.isdecimal():
        owner[int(last)] = value
    elif isinstance(before, np.ndarray) and before.ndim:
        before[...] = value  # arrays of a simulator are its own memory
    else:
        setattr(owner, last, value)


def _first(drawn: Any) -> Any:  # noqa: ANN401 - a number, or what the user listed
    return deepcopy(drawn["choices"][0] if isinstance(drawn, Mapping) else drawn[0])


def _part(owner: Any, key: str) -> Any:  # noqa: ANN401 - whatever somebody else's object holds
    return owner[int(key)] if key.isdecimal() else getattr(owner, key)


def _knob(recipe: Recipe, name: str, drawn: Any, made: Environment, parameters: Mapping[str, Any]) -> Knob:  # noqa: ANN401
    kind = _kind(recipe, name, made, parameters)
    named = name.removeprefix(OPTION)
    usual = parameters.get(name) if kind == "keyword" else _found(made, name)
    if isinstance(drawn, Mapping):
        return Knob(named, kind, choices=tuple(drawn["choices"]))
    low, high = drawn
    if isinstance(usual, np.ndarray) and usual.ndim:
        way = f"name an entry ({name}.0), or give choices, each a list of {usual.size} numbers"
        raise wrong(recipe.name, f"vary: {name} is an array of shape {usual.shape}, got a range; {way}")
    whole = isinstance(low, int) and isinstance(high, int) and not isinstance(usual, float | np.floating)
    return Knob(named, kind, low=low, high=high, whole=whole)


def _kind(
    recipe: Recipe, name: str, made: Environment, parameters: Mapping[str, Any]
) -> Literal["keyword", "attribute", "option"]:
    if name.startswith(OPTION):
        return "option"
    if name in parameters:
        return "keyword"
    if name in settable(made) or ("." in name and _can_vary(_found(made, name))):
        return "attribute"
    raise _unknown(recipe, name, parameters, settable(made))


def settable(made: Environment) -> tuple[str, ...]:
    """Returns the unwrapped environment's attributes that are numbers, texts or switches."""
    found = {**vars(type(made.unwrapped)), **vars(made.unwrapped)}
    return tuple(name for name, value in found.items() if not name.startswith("_") and isinstance(value, PLAIN))


def _found(made: Environment, name: str) -> Any:  # noqa: ANN401 - whatever somebody else's object holds
    """Returns an attribute's or a part's value; `MISSING` if there is none."""
    try:
        return reduce(_part, name.split("."), made.unwrapped)
    except Exception:
        return MISSING


def _can_vary(held: object) -> bool:
    return isinstance(held, (*PLAIN, np.number, np.bool_)) or (
        isinstance(held, np.ndarray) and held.dtype.kind in "biuf"
    )


def _check_spaces(recipe: Recipe, knob: Knob, keywords: Mapping[str, Any], first: Environment) -> None:
    """Checks that a setting leaves the spaces unchanged."""
    shown: dict[str, tuple[Any, Any]] = {}
    for value in knob.tried():
        made = recipe.make({**keywords, knob.name: value}) if knob.kind == "keyword" else first
        what = f"vary: {knob.name} cannot be set to {spelled(value)}"
        with calling(partial(_unset, recipe, what)):
            if knob.kind == "attribute":
                put(made.unwrapped, knob.name, value)
            found = {"observation": made.observation_space, "action": made.action_space}
        if made is not first:
            close(made)
        for kind, space in found.items():
            before, usual = shown.setdefault(kind, (value, space))
            if space != usual:
                told = f"{usual} with {spelled(before)}, {space} with {spelled(value)}"
                way = "all tasks must share one: let a wrapper give them the largest"
                raise wrong(recipe.name, f"vary: {knob.name} changes the {kind} space: {told}; {way}")


def _unset(recipe: Recipe, what: str, raised: str) -> StudyError:
    return wrong(recipe.name, f"{what}: {raised}")


def _unknown(recipe: Recipe, name: str, parameters: Mapping[str, Any], attributes: tuple[str, ...]) -> StudyError:
    known = sorted({*parameters, *attributes})
    guess = nearest(name, known)
    what = f"vary: {name} is neither a keyword of the constructor nor an attribute"
    parts = "part.name for an attribute of a part"
    allowed = f"{', '.join(known)}, {parts}, or {OPTION}{name} for an option of reset"
    return wrong(recipe.name, f"{what}; known: {allowed}" + (f". Did you mean '{guess}'?" if guess else ""))
