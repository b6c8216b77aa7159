"""Suggestions for an environment in which nothing varies."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ingredients.gyms.recipe import Environment, Recipe

_MOST = 3
_NOT_TASKS = ("render", "max_episode", "dtype", "seed", "steps_beyond", "screen", "width", "height", "dt", "tau", "fps")


def suggestions(recipe: Recipe, made: Environment) -> dict[str, list[float]]:
    """Returns ranges of half to twice the default: keywords, then attributes."""
    found = {**_numbers(vars(made.unwrapped)), **(keywords := _numbers(recipe.parameters()))}
    found = {name: found[name] for name in dict.fromkeys([*keywords, *found])}
    return {name: sorted([round(value / 2, 6), round(value * 2, 6)]) for name, value in list(found.items())[:_MOST]}


def keywords_of(recipe: Recipe) -> list[str]:
    """Returns the constructor's keywords that could make tasks, without rendering and time."""
    return [name for name in recipe.parameters() if not any(part in name for part in _NOT_TASKS)]


def nothing_varies(names: Mapping[str, Sequence[float]], keywords: Sequence[str], fresh_start: bool) -> str:
    """Returns that nothing varies, and what could; `fresh_start`: episodes still differ."""
    ranges = ", ".join(f"{name}: [{low:g}, {high:g}]" for name, (low, high) in names.items())
    known = f" ({', '.join(keywords)})" if keywords else ""
    way_out = (
        f", say vary: {{{ranges}}}" if names else f": a keyword of the constructor{known}, an attribute, options.name"
    )
    task = "only the seed of its resets, all episodes of a lifetime start alike, and little"
    if fresh_start:
        task = "the environment itself, each episode starts anew, and nothing of one helps in the next: little"
    return f"nothing varies, so a task is {task} is there to find out; let something vary{way_out}"


def _numbers(settings: Mapping[str, Any]) -> dict[str, float]:
    return dict(_plain(settings))


def _plain(settings: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in settings.items():
        number = isinstance(value, float) and math.isfinite(value) and 1e-4 <= abs(value) <= 1e6
        if number and not name.startswith("_") and not any(part in name for part in _NOT_TASKS):
            yield name, float(value)
