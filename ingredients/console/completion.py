"""Shell completion: studies, `--set`, `--cells`, cells of a results folder; nothing without a readable study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from ingredients.errors import IngredientsError
from ingredients.grid import flat
from ingredients.study import DEFAULT_STUDY, INGREDIENTS, Study, level_text, load_study, shipped_study
from ingredients.study.levels import MEMORY_KINDS
from ingredients.study.yaml_text import inline

Words = list[tuple[str, str]]


def complete_study(incomplete: str) -> Words:
    """Returns shipped studies with questions, studies and folders here."""
    from ingredients.study.shipped import shipped_studies

    shipped = [(about.study.name, about.study.question) for about in shipped_studies()]
    typed = Path(incomplete)
    folder = typed if incomplete.endswith("/") else typed.parent
    found = sorted(folder.glob("*")) if folder.is_dir() else []
    here = [(f"{path}/", "") if path.is_dir() else (str(path), "") for path in found if _may_be_study(path)]
    return _starting(incomplete, [*shipped, *here])


def complete_set(context: typer.Context, incomplete: str) -> Words:
    """Returns the study's keys, `tasks.arms=`; after `=`, possible values."""
    study = _study(context)
    if study is None:
        return []
    key, equals, _ = incomplete.partition("=")
    values = dict(flat(study.resolved()))
    if equals:
        return _starting(incomplete, [(f"{key}={value}", "") for value in _values(key, values.get(key))])
    return _starting(incomplete, [(f"{name}=", f"now {inline(value)}") for name, value in values.items()])


def complete_cells(context: typer.Context, incomplete: str) -> Words:
    """Returns a cell filter's continuations: an ingredient, or its levels."""
    study = _study(context)
    if study is None:
        return []
    before, comma, last = incomplete.rpartition(",")
    name, equals, _ = last.partition("=")
    if equals and name in INGREDIENTS:
        levels = [level_text(level) for each in INGREDIENTS if each == name for level in study.ingredients.levels(each)]
        return _starting(incomplete, [(f"{before}{comma}{name}={level}", "") for level in levels])
    return _starting(incomplete, [(f"{before}{comma}{each}=", "") for each in INGREDIENTS])


def complete_cell(context: typer.Context, incomplete: str) -> Words:
    """Returns a results folder's cells, named as in the report."""
    from ingredients.grid import cells
    from ingredients.judgement.words import describe
    from ingredients.store import load_result

    directory = _argument(context, "directory")
    if not directory:
        return []
    try:
        _, study = load_result(Path(directory))
    except IngredientsError:
        return []
    return _starting(incomplete, [(describe(cell), "") for cell in cells(study)])


def _starting(incomplete: str, words: Words) -> Words:
    return [(word, meant) for word, meant in words if word.startswith(incomplete)]


def _may_be_study(path: Path) -> bool:
    return path.suffix in (".yaml", ".yml") or (path.is_dir() and not path.name.startswith("."))


def _argument(context: typer.Context, name: str) -> Any:  # noqa: ANN401 - a text or a path
    """Returns a typed argument, unparsed while options lack values."""
    return context.args[0] if context.args else context.params.get(name)


def _study(context: typer.Context) -> Study | None:
    """Returns the typed study, or the default; None if it is unreadable."""
    try:
        return load_study(shipped_study(_argument(context, "study") or DEFAULT_STUDY))
    except IngredientsError:
        return None


def _values(key: str, now: object) -> Iterator[str]:
    """Yields possible values of a key, the present one first."""
    if now is not None:
        yield inline(now)
    section, _, name = key.partition(".")
    if key == "agent.memory":
        yield from (kind for kind in MEMORY_KINDS if kind != now)
    elif isinstance(now, bool):
        yield inline(not now)
    else:
        yield from (word for word in _words(section, name) if word != now)


def _words(section: str, name: str) -> list[str]:
    """Returns the words that the schema allows for a key: `auto`."""
    from ingredients.study.schema import study_schema

    schema = study_schema()
    sections: Mapping[str, Any] = schema["$defs"]
    reference = str(schema["properties"].get(section, {}).get("$ref", "")).rpartition("/")[2]
    about = sections.get(reference, {}).get("properties", {}).get(name, {})
    choices = about.get("anyOf", [about])
    return [str(word) for choice in choices for word in choice.get("enum", [choice.get("const")]) if word is not None]
