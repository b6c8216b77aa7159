"""Pydantic's errors as a line for each mistake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from ingredients.errors import StudyError
from ingredients.study.messages import complaint, nearest, shown
from ingredients.study.models import Study
from ingredients.study.tasks import FOREIGN, SECTIONS


@dataclass(frozen=True)
class Override:
    """One `--set key.path=value`."""

    text: str
    path: tuple[str, ...]
    value: object


def study_error(found: ValidationError, source: str, overrides: Sequence[Override]) -> StudyError:
    """Returns an error with a line per mistake, most useful first."""
    mistakes = sorted((_Mistake.of(dict(error)) for error in found.errors(include_url=False)), key=lambda m: m.rank)
    mistyped = {(*mistake.path[:-1], mistake.guess) for mistake in mistakes if mistake.rank == 0}
    own = [mistake for mistake in mistakes if not (mistake.rank == 2 and mistake.path in mistyped)]
    return StudyError("\n".join(dict.fromkeys(_line(mistake, source, overrides) for mistake in own)))


def _line(mistake: _Mistake, source: str, overrides: Sequence[Override]) -> str:
    blamed = [f"--set {override.text}" for override in overrides if mistake.concerns(override.path)]
    return complaint(
        [blamed[-1] if blamed else source, ".".join(mistake.path)], mistake.what, mistake.allowed, mistake.guess
    )


@dataclass(frozen=True)
class _Mistake:
    """One mistake; a mistyped key has the lowest `rank`: missing keys may follow."""

    rank: int
    path: tuple[str, ...]
    what: str
    allowed: str
    guess: str | None
    partners: tuple[tuple[str, ...], ...] = ()

    def concerns(self, path: tuple[str, ...]) -> bool:
        """Returns whether a change at `path` can have caused it."""
        places = (self.path, *self.partners)
        return any(place[: len(path)] == path or path[: len(place)] == place for place in places)

    @staticmethod
    def of(error: dict[str, Any]) -> _Mistake:
        """Returns the mistake of a pydantic error."""
        place = tuple(str(part) for part in error["loc"])
        path = _as_written(place)
        if error["type"] == "extra_forbidden":
            return _unknown_key(path, _keys(place[:-1]), error["input"])
        if error["type"] == "missing":
            return _Mistake(2, path, "missing", ", ".join(_keys(place)), None)
        if error["type"] == "mistake":
            return _own(path, error["ctx"])
        return _Mistake(1, path, f"must hold keys, got {shown(error['input'])}", ", ".join(_keys(place)), None)


def _as_written(place: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the file's path of keys, without pydantic's kind of `tasks`."""
    return place[:1] + place[2:] if place[:1] == ("tasks",) and place[1:2] and place[1] in SECTIONS | FOREIGN else place


def _unknown_key(path: tuple[str, ...], keys: Sequence[str], value: object) -> _Mistake:
    guess = nearest(path[-1], keys)
    return _Mistake(0 if guess else 1, path, f"unknown key, got {path[-1]}: {shown(value)}", ", ".join(keys), guess)


def _own(path: tuple[str, ...], context: dict[str, Any]) -> _Mistake:
    partners = tuple((*path, *key.split(".")) for key in context["keys"])
    place = partners[0] if partners else path
    return _Mistake(1, place, context["what"], context["allowed"], context["guess"], partners)


def _keys(place: Sequence[str]) -> list[str]:
    """Returns the keys allowed at a place, as pydantic names it."""
    if place[:1] == ("tasks",):
        return list((SECTIONS | FOREIGN)[place[1]].model_fields) if len(place) == 2 else []
    model: type[BaseModel] = Study
    for part in place:
        inner = model.model_fields[part].annotation if part in model.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return list(model.model_fields)
