"""`looks.json`: at how many runs each cell was judged; all looks share the level (docs/verdict.md)."""

from __future__ import annotations

from pathlib import Path

from pydantic import NonNegativeInt, TypeAdapter, ValidationError

from ingredients.errors import StoreError
from ingredients.store.record import read_json

LOOKS_JSON = "looks.json"
_FORM = TypeAdapter(dict[str, list[NonNegativeInt]])


def read_looks(path: Path) -> dict[str, list[int]]:
    """Returns the numbers of runs at each look, by cell label.

    Raises:
        StoreError: the file is damaged.
    """
    complaint = f"{path}: damaged; put it back as it was: it says how often these runs were judged"
    stored = read_json(path, complaint)
    try:
        return _FORM.validate_python(stored or {}, strict=True)
    except ValidationError as error:
        raise StoreError(complaint) from error
