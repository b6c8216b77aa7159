"""The text and JSON of `plan` and `check`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ingredients.decoding.leak_text import leak_text, quick_text
from ingredients.grid import INGREDIENTS, Cell
from ingredients.grid_run.estimate import Estimate
from ingredients.grid_run.jobs import Remaining
from ingredients.grid_run.progress import duration
from ingredients.study import Study
from ingredients.study.messages import several
from ingredients.study.tasks import family_key


def plan_text(rest: Remaining, cells: Sequence[Cell], directory: Path, conflict: str | None, cost: Estimate) -> str:
    """Returns the grid's facts, then cells; `conflict`: what the folder holds that was trained otherwise."""
    study = rest.study
    tasks = study.tasks.model_dump()
    kind = tasks.pop(family_key(study.tasks))
    facts = {
        "study": study.name,
        "question": study.question,
        "tasks": f"{kind}: " + ", ".join(f"{key} {value}" for key, value in tasks.items() if value not in ({}, [])),
        "cells": str(len(cells)),
        "runs": f"{len(rest.runs)} ({several(len(cells), 'cell')} x {several(study.seeds.count, 'seed')})"
        f" of {study.learner.train_steps:,} env steps",
        "learner": _learner(cost.settings),
        "results": f"{directory}: " + _results(rest, conflict),
        "memory": f"{gigabytes(cost.workers * cost.memory_bytes)} ({cost.workers} x {gigabytes(cost.memory_bytes)})"
        + (" of a GPU" if cost.device == "cuda" else ""),
        "time": _time(cost),
        "leaks": "; ".join(f"{name}: {leak_text(leak)}" for name, leak in cost.leakage.items())
        + quick_text(cost.leakage),
    }
    told = [("notice", text) for text in cost.notices]
    lines = [*((name, text) for name, text in facts.items() if text), *_shown(cost), *told]
    return "\n".join([*(f"{name:<9} {text}" for name, text in lines), "", *cell_lines(cells)])


def plan_json(
    rest: Remaining, cells: Sequence[Cell], directory: Path, conflict: str | None, cost: Estimate
) -> dict[str, Any]:
    """Returns the plan as data; as `plan_text`, untimed numbers null."""
    study = rest.study
    return {
        "study": study.name,
        "question": study.question,
        "tasks": study.tasks.model_dump(),
        "results": str(directory),
        "cells": [cell.json() for cell in cells],
        "seeds": list(study.seeds.numbers),
        "runs": {"planned": len(rest.runs), "finished": rest.finished, "to_do": rest.todo, "outdated": rest.outdated},
        "stacks": len(rest.stacks),
        "train_steps": study.learner.train_steps,
        "conflict": conflict,
        "device": cost.device,
        "workers": cost.workers,
        "memory_bytes_per_worker": cost.memory_bytes,
        "env_steps_per_second_per_worker": cost.env_steps_per_second if cost.timed else None,
        "seconds": cost.seconds if cost.timed else None,
        "learner": dict(cost.settings),
        "leakage": dict(cost.leakage),
        "shown": [{"name": name, "text": text} for name, text in cost.contact],
        "notices": list(cost.notices),
    }


def contact_json(study: Study, folder: Path, seen: Mapping[str, Any]) -> dict[str, Any]:
    """Returns `contact_text` as data."""
    return {
        "tasks": study.tasks.model_dump(),
        "shown": [{"name": name, "text": text} for name, text in seen["rows"]],
        "could_vary": seen["vary"],
        "verdicts_likely": seen["likely"],
        "next": next_commands(study, folder, seen)[1],
    }


def contact_text(study: Study, folder: Path, seen: Mapping[str, Any]) -> str:
    """Returns the text of `ingredients check`: what `estimate.checked` saw, commands for names in `folder`."""
    written, commands = next_commands(study, folder, seen)
    lines = [*seen["rows"], ("study", f"tasks: {written}"), *(("next", command) for command in commands)]
    return "\n".join(f"{name:<9} {text}" for name, text in lines)


def next_commands(study: Study, folder: Path, seen: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Returns the tasks section in one line, and a small study's commands."""
    data = {key: value for key, value in study.tasks.model_dump().items() if value not in ({}, [], "auto", "sync")}
    tasks = {**data, **({"vary": seen["vary"]} if seen["vary"] else {})}
    written = yaml.safe_dump(tasks, default_flow_style=True, sort_keys=False, width=10_000).strip()
    written = written if '"' in written else written.replace("'", '"')  # so that a shell's quotes can stand around it
    command = f"ablations/smoke.yaml --set {shlex.quote(f'tasks={written}')} --out results/{study.name}"
    there = "" if folder == Path.cwd() else f"cd {shlex.quote(str(folder))} && "
    return written, [f"{there}ingredients {verb} {command}" for verb in ("plan", "run-grid")]


def state_text(rest: Remaining) -> str:
    """Returns the grid's state: `48 of 80 runs are finished; 32 to do in 4 stacks`."""
    done = f"{rest.finished} of {several(len(rest.runs), 'run')} {_be(len(rest.runs))} finished"
    todo = f"{rest.todo} to do in {several(len(rest.stacks), 'stack')}" if rest.todo else _nothing_but(rest)
    again = f", {len(rest.trained)} of them only to be evaluated again" if rest.trained else ""
    if not rest.edited:
        return f"{done}; {todo}{again}"
    since = f"since {several(rest.outdated, 'run')} {'was' if rest.outdated == 1 else 'were'} trained"
    return f"{done}; {todo}{again}; {' and '.join(rest.edited)} changed {since}, so training starts anew there"


def _nothing_but(rest: Remaining) -> str:
    return "only the references to do" if rest.references else "nothing to do"


def cell_lines(cells: Sequence[Cell]) -> list[str]:
    """Returns the cells as a numbered table."""
    rows = [("cell", *INGREDIENTS), *((str(number), *cell.texts().values()) for number, cell in enumerate(cells, 1))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def gigabytes(count: int) -> str:
    """Returns an amount of memory: `1.2 GB`."""
    return f"{count / 1e9:.1f} GB"


def _time(cost: Estimate) -> str:
    if not cost.timed:
        return "not measured (--quick)"
    return (
        f"about {duration(cost.seconds)} of training and evaluation on {several(cost.workers, 'worker')},"
        f" at {cost.env_steps_per_second:,.0f} env steps/s each"
    )


def _learner(settings: Mapping[str, float]) -> str:
    """Returns the learner's numbers by their names in a study: `segment off, epochs 4`."""
    return ", ".join(f"{name} {'off' if value is False else f'{value:g}'}" for name, value in settings.items())


def _shown(cost: Estimate) -> list[tuple[str, str]]:
    """Returns what random play showed, apart from the line named tasks."""
    return [({"tasks": "task"}.get(name, name), text) for name, text in cost.contact]


def _results(rest: Remaining, conflict: str | None) -> str:
    if conflict is None:
        return state_text(rest)
    return f"holds runs trained otherwise ({conflict}); run-grid needs another --out, or --fresh"


def _be(count: int) -> str:
    return "is" if count == 1 else "are"
