"""The seeds of each cell; publish with seeds that tuning has not used."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator

from ingredients.study import fields
from ingredients.study.messages import several

MOST_SEEDS = 1000
LAST_FIRST = 1_000_000
BEYOND_STUDIES = 2_000_000
"""From here on seeds are no study's: references that have to be trained have them."""
MOST_INFORMED = 5  # agents that are shown the task; of fewer seeds, as many
_ALLOWED = f"1 to {MOST_SEEDS}, or {{first: 100, count: 10}}"


@dataclass(frozen=True)
class Seeds:
    """`count` seeds from `first` on."""

    first: int
    count: int

    @property
    def numbers(self) -> range:
        """The seeds."""
        return range(self.first, self.first + self.count)


def read_seeds(value: object) -> Seeds:
    """Returns the seeds of a value: `5`, or `{first: 100, count: 10}`."""
    if isinstance(value, Seeds):
        return value
    if not isinstance(value, dict):
        return Seeds(0, _whole(value, 1, MOST_SEEDS, _ALLOWED))
    if set(value) != {"first", "count"}:
        raise fields.mistake("seeds have two keys, first and count", value, _ALLOWED)
    return Seeds(
        _whole(value["first"], 0, LAST_FIRST, f"first: 0 to {LAST_FIRST}"),
        _whole(value["count"], 1, MOST_SEEDS, f"count: 1 to {MOST_SEEDS}"),
    )


def seeds_data(seeds: Seeds) -> int | dict[str, int]:
    """Returns the seeds as YAML and JSON hold them."""
    return {"first": seeds.first, "count": seeds.count} if seeds.first else seeds.count


def fewest_for(claims: int, confidence: float) -> int:
    """Returns how many agreeing runs let so many claims hold together (Bonferroni): .5^n <= α / claims."""
    return max(1, math.ceil(math.log2(max(claims, 1) / (1 - confidence)) - 1e-9))


def too_few(count: int, confidence: float) -> str | None:
    """Returns that so many seeds never decide a cell, or None."""
    needed = fewest_for(1, confidence)
    if count >= needed:
        return None
    never = f"{several(count, 'seed')} never {'decides' if count == 1 else 'decide'} a cell"
    return f"{never}; {needed} that agree do, at {100 * confidence:g}%"


SeedsField = Annotated[Seeds, PlainValidator(read_seeds), PlainSerializer(seeds_data)]


def _whole(value: object, low: int, high: int, allowed: str) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int:
        raise fields.mistake("must be a whole number", value, allowed)
    if not low <= value <= high:
        raise fields.mistake("out of range", value, allowed)
    return value
