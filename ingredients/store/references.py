"""`references.json`: the stored references, with checksum and checked schema."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ingredients.errors import StoreError
from ingredients.store.record import json_text, read_json

CHECKSUM = "sha256"


class _Reference(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    exact: bool
    expected_return: float | None
    curves: dict[str, list[list[float]]]
    returns_by_block: list[list[float]] | None = None


class _Leak(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    leak: float | None
    low: float | None
    high: float | None
    accuracy: float | None
    base_rate: float | None
    classes: int
    leaks: bool | None
    reason: str | None


class _Leakage(BaseModel):
    model_config = ConfigDict(strict=True)

    reward: _Leak
    action: _Leak


class _References(BaseModel):
    """Old files lack `held_out`, `episode_steps` and `leakage`."""

    model_config = ConfigDict(strict=True)

    floor: str
    reactive: str | None
    yardstick: str
    writable: bool
    held_out: bool = True
    episode_steps: int | None = None
    leakage: _Leakage | None = None
    references: dict[str, _Reference]
    memoryless: dict[str, str] = {}
    evaluates: str = ""


def references_text(references: Mapping[str, Any]) -> str:
    """Returns the file's content, with the SHA-256 of its JSON."""
    return json_text({**references, CHECKSUM: _digest(references)})


def read_references(path: Path) -> dict[str, Any] | None:
    """Returns the stored references, or None.

    Raises:
        StoreError: the file is truncated, altered, or does not fit the schema.
    """
    complaint = f"{path}: damaged or altered; move it away and run the study again: no run is repeated"
    stored = read_json(path, complaint)
    if stored is None:
        return None
    checksum = stored.pop(CHECKSUM, None)
    if checksum is not None and checksum != _digest(stored):  # older files have none
        raise StoreError(complaint)
    try:
        references = _References.model_validate(stored)
    except ValidationError as error:
        raise StoreError(complaint) from error
    roles = {references.floor, references.reactive, references.yardstick, *references.memoryless.values()} - {None}
    if not roles <= set(references.references):
        raise StoreError(complaint)
    return stored


def _digest(references: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(references).encode()).hexdigest()
