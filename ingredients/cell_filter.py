"""`--cells`: selects cells by levels, in any spelling of a study."""

from __future__ import annotations

from collections.abc import Collection

import yaml

from ingredients.errors import UsageError
from ingredients.grid import Cell, cells
from ingredients.study import INGREDIENTS, Ingredient, Level, MemoryKind, Study, level_text
from ingredients.study.levels import OFF, canonical_level, known_by
from ingredients.study.messages import complaint, nearest
from ingredients.study.yaml_text import parse


def select_cells(study: Study, expression: str, source: str | None = None) -> tuple[Cell, ...]:
    """Returns the cells that a filter such as `memory=on,reward_observation=off` selects, in grid order.

    An ingredient's levels are alternatives. Errors name `source`.

    Raises:
        UsageError: an unknown ingredient, or a level that the study lacks.
    """
    source = f"--cells {expression}" if source is None else source
    wanted: dict[Ingredient, list[Level]] = {}
    for part in expression.split(","):
        name, level = _condition(study, part.strip(), source)
        wanted.setdefault(name, []).append(level)
    return tuple(cell for cell in cells(study) if all(cell.level(name) in wanted[name] for name in wanted))


def filter_of(study: Study, chosen: Collection[Cell]) -> str:
    """Returns the narrowest filter that selects all `chosen` cells, or nothing for all cells."""
    parts = []
    for name in INGREDIENTS:
        every = study.ingredients.levels(name)
        wanted = {cell.level(name) for cell in chosen}
        levels = [level for level in every if level in wanted]
        if len(levels) < len(every):
            parts += [f"{name}={level_text(level)}" for level in levels]
    return ",".join(parts)


def _condition(study: Study, text: str, source: str) -> tuple[Ingredient, Level]:
    name, equals, level = (part.strip() for part in text.partition("="))
    ingredient = next((known for known in INGREDIENTS if known == name), None)
    if not equals:
        allowed = "ingredient=level, such as memory=on, parted by commas"
        raise UsageError(complaint([source], f"cannot be read, got '{text}'", allowed))
    if ingredient is None:
        raise UsageError(
            complaint([source, name], "unknown ingredient", ", ".join(INGREDIENTS), nearest(name, INGREDIENTS))
        )
    known = {level_text(given): given for given in study.ingredients.levels(ingredient)}
    canonical = _canonical_text(study, ingredient, level)
    if canonical not in known:
        what = f"the study has no such level, got '{level}'"
        kind = study.agent.memory  # which `on` and `off` mean
        words = (*known, kind, f"{kind}{OFF}") if ingredient == "memory" else tuple(known)
        raise UsageError(complaint([source, ingredient], what, ", ".join(known), nearest(level, words)))
    return ingredient, known[canonical]


def _canonical_text(study: Study, ingredient: Ingredient, text: str) -> str:
    """Returns a level's canonical spelling: `true`, `1.0` and the agent's own kind are `on`."""
    try:
        level = canonical_level(ingredient, parse(text))
    except (ValueError, yaml.YAMLError):
        return text
    return level_text(known_by(study.agent.memory, level) if isinstance(level, MemoryKind) else level)
