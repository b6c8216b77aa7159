"""What is drawn for each task: a keyword of the constructor, an attribute, an option of `reset`.

Comes in: the study's key `vary` and an environment. Goes out: `Knob`s, each of which makes a value of a uniform. Which
of the three a name is, is found in this order: a keyword of the constructor (the environment is then made anew for a
task); an attribute of the unwrapped environment (set before each reset; what the constructor computed from it stays as
it was); an option of `reset`, where it is written `options.name`. Any other name is a mistake.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ingredients.errors import StudyError
from ingredients.gyms.recipe import Environment, Recipe, wrong
from ingredients.study.messages import nearest

OPTION = "options."
PLAIN = (bool, int, float, str)


@dataclass(frozen=True)
class Knob:
    """One setting that differs from task to task.

    Attributes:
        name: of the keyword, the attribute or the option.
        kind: which of them it is.
        choices: what it is drawn from; None for a range.
        low, high: the range; of whole numbers both ends are drawn.
        whole: whether only whole numbers are drawn: where the setting is one, and of an option where both ends are.
    """

    name: str
    kind: Literal["keyword", "attribute", "option"]
    choices: tuple[Any, ...] | None = None
    low: float = 0.0
    high: float = 0.0
    whole: bool = False

    def value(self, uniform: float) -> Any:  # noqa: ANN401 - a number, or what the user listed
        """Returns the value that a uniform in [0, 1) stands for."""
        if self.choices is not None:
            return self.choices[min(int(uniform * len(self.choices)), len(self.choices) - 1)]
        if self.whole:
            return min(int(self.low) + int(uniform * (self.high - self.low + 1)), int(self.high))
        return self.low + uniform * (self.high - self.low)


def knobs(recipe: Recipe, vary: Mapping[str, Any], made: Environment) -> tuple[Knob, ...]:
    """Returns the knobs that a study's `vary` names, in its order; `made` is an environment of the recipe.

    Raises:
        StudyError: the environment has no such setting.
    """
    parameters = recipe.parameters(made)
    return tuple(_knob(recipe, name, drawn, made, parameters) for name, drawn in vary.items())


def _knob(recipe: Recipe, name: str, drawn: Any, made: Environment, parameters: Mapping[str, Any]) -> Knob:  # noqa: ANN401
    kind = _kind(recipe, name, made, parameters)
    named = name.removeprefix(OPTION)
    if isinstance(drawn, Mapping):
        return Knob(named, kind, choices=tuple(drawn["choices"]))
    low, high = drawn
    usual = parameters.get(name) if kind == "keyword" else getattr(made.unwrapped, name, None)
    whole = isinstance(low, int) and isinstance(high, int) and not isinstance(usual, float)
    return Knob(named, kind, low=low, high=high, whole=whole)


def _kind(
    recipe: Recipe, name: str, made: Environment, parameters: Mapping[str, Any]
) -> Literal["keyword", "attribute", "option"]:
    if name.startswith(OPTION):
        return "option"
    if name in parameters:
        return "keyword"
    attributes = settable(made)
    if name in attributes:
        return "attribute"
    raise _unknown(recipe, name, parameters, attributes)


def settable(made: Environment) -> tuple[str, ...]:
    """Returns the attributes of the unwrapped environment that hold a number, text or a switch."""
    found = {**vars(type(made.unwrapped)), **vars(made.unwrapped)}
    return tuple(name for name, value in found.items() if not name.startswith("_") and isinstance(value, PLAIN))


def _unknown(recipe: Recipe, name: str, parameters: Mapping[str, Any], attributes: tuple[str, ...]) -> StudyError:
    known = sorted({*parameters, *attributes})
    guess = nearest(name, known)
    what = f"vary: {name} is neither a keyword of the constructor nor an attribute"
    allowed = f"{', '.join(known)}, or {OPTION}{name} for an option of reset"
    return wrong(recipe.name, f"{what}; known: {allowed}" + (f". Did you mean '{guess}'?" if guess else ""))
