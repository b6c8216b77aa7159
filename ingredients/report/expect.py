"""`report --expect`: compares verdicts with a file's, for CI.

A key is a filter as for `--cells`, a cell's name in the report, or `all`; a value is one or several allowed verdicts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import yaml

from ingredients.cell_filter import select_cells
from ingredients.errors import UsageError
from ingredients.grid import Cell, cells
from ingredients.judgement import CellResult, Judgement, Verdict
from ingredients.judgement.words import describe
from ingredients.study import Study
from ingredients.study.messages import complaint, nearest, one_line, shown, yaml_complaint
from ingredients.study.yaml_text import parse

EVERY_CELL = "all"
_NOT_APPLICABLE = "null"
_VERDICTS = (*get_args(Verdict), _NOT_APPLICABLE)
_FORM = "cells and verdicts, such as memory=on,reward_observation=on: in-context"


@dataclass(frozen=True)
class Expectation:
    """Some cells' allowed verdicts."""

    key: str
    cells: tuple[Cell, ...]
    verdicts: tuple[str, ...]


def read_expectations(path: Path, study: Study) -> tuple[Expectation, ...]:
    """Returns what a file expects of a study.

    Raises:
        UsageError: it cannot be read, or names an unknown cell or verdict.
    """
    source = one_line(str(path))
    try:
        data = parse(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(complaint([source], f"cannot be read: {error.strerror or error}", _FORM)) from None
    except UnicodeDecodeError:
        raise UsageError(complaint([source], "is not text", "YAML in UTF-8")) from None
    except yaml.YAMLError as error:
        raise UsageError(yaml_complaint(source, error)) from None
    if not isinstance(data, Mapping) or not data:
        raise UsageError(complaint([source], f"must hold keys, got {shown(data)}", _FORM))
    expected = tuple(_expectation(study, str(key), value, source) for key, value in data.items())
    first: dict[frozenset[Cell], str] = {}
    for each in expected:
        if (other := first.setdefault(frozenset(each.cells), each.key)) != each.key:
            raise UsageError(complaint([source, each.key], f"names the same cells as '{other}'", "each only once"))
    return expected


def differences(expected: Sequence[Expectation], judgement: Judgement) -> list[str]:
    """Returns a line per unexpected verdict: cell, expected, found, why."""
    results = {result.cell: result for result in judgement.cells}
    return [
        f"{_key(cell)}: expected {' or '.join(one.verdicts)}, found {_found(results[cell])}"
        for one in expected
        for cell in one.cells
        if not (judgement.references and results[cell].seeds) or _name(results[cell]) not in one.verdicts
    ]


def _expectation(study: Study, key: str, value: object, source: str) -> Expectation:
    chosen = named_cells(study, key, source)
    values = value if isinstance(value, list) else [value]
    if not values:
        raise UsageError(complaint([source, key], "names no verdict", ", ".join(_VERDICTS)))
    return Expectation(key, chosen, tuple(_verdict(each, [source, key]) for each in values))


def named_cells(study: Study, key: str, source: str) -> tuple[Cell, ...]:
    """Returns the cells that a key names.

    Raises:
        UsageError: it names none.
    """
    called = {describe(cell): cell for cell in cells(study)}
    if key in called or key == EVERY_CELL:
        return (called[key],) if key in called else cells(study)
    if "=" not in key:
        forms = f"{EVERY_CELL}, ingredient=level parted by commas, or a cell as the report calls it"
        raise UsageError(complaint([source, key], "names no cell", forms, nearest(key, [*called, EVERY_CELL])))
    return select_cells(study, key, f"{source}: {key}")


def _key(cell: Cell) -> str:
    return ",".join(f"{name}={level}" for name, level in cell.texts().items())


def _verdict(value: object, where: list[str]) -> str:
    name = _NOT_APPLICABLE if value is None else value
    if name not in _VERDICTS:
        what = f"unknown verdict, got {shown(value)}"
        raise UsageError(complaint(where, what, ", ".join(_VERDICTS), nearest(value, _VERDICTS)))
    return str(name)


def _name(result: CellResult) -> str:
    return result.verdict or _NOT_APPLICABLE


def _found(result: CellResult) -> str:
    if not result.seeds:
        return f"no finished run ({result.reason})"
    return _name(result) + (f" ({result.reason})" if result.reason else "")
