"""How often a folder was judged as seeds were added: `looks.json`, kept so that no look is free.

Who trains more seeds because the first left something open looks again, and the judgement spends its level over all
looks (`judgement.shares`). The file is written by the report; to delete it is to hide looks.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import NonNegativeInt, TypeAdapter, ValidationError

from ingredients.errors import StoreError
from ingredients.store.record import read_json

LOOKS_JSON = "looks.json"
_FORM = TypeAdapter(dict[str, list[NonNegativeInt]])


def read_looks(path: Path) -> dict[str, list[int]]:
    """Returns at how many runs each cell has been judged, by its label; nothing where it never was.

    Raises:
        StoreError: If the file is damaged.
    """
    complaint = f"{path}: damaged; put it back as it was: it says how often these runs were judged"
    stored = read_json(path, complaint)
    try:
        return _FORM.validate_python(stored or {}, strict=True)
    except ValidationError as error:
        raise StoreError(complaint) from error
