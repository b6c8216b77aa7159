"""A study's agents as a folder for the Hugging Face hub, and agents out of it.

README.md                             the model card
study.yaml, report.json, references.json, curves.parquet
memories/                             files of the study's own tasks and memories
agents/<run>/model.safetensors        weights at the end of training; config.json says whose
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import safetensors.numpy
import yaml

from ingredients.errors import StoreError
from ingredients.grid import Run, cells, memory_kinds
from ingredients.judgement.words import describe
from ingredients.judgement_input.gather import CURVES_PARQUET
from ingredients.store import REFERENCES_JSON, STUDY_YAML, Store
from ingredients.study import Study
from ingredients.study.own_source import COPIES, copy_path, is_own
from ingredients.study.tasks import family_key, own_code

if TYPE_CHECKING:
    from ingredients.api.result import Result

MODEL = "model.safetensors"
_CARD = """
# {name}: {agents} agents

{question}

{sentence}

| cell | verdict | late score |
|---|---|---|
{rows}

Late score: 0 is the floor, 1 the yardstick; the mean over runs. `report.json` has the intervals, `study.yaml` the
study. Each folder of `agents/` holds the weights of one run after training. In this folder, with `ingredients`
installed:

```python
import ingredients as ing

result = ing.load(".")
result.cells
result.figure("adaptation")
result.agent("{cell}").play(lifetimes=10)
```
{own}
The weights alone, by name:

```python
from safetensors.numpy import load_file

weights = load_file("agents/{run}/{model}")
```
"""


_OWN = """
`agent` runs the files in `memories/`, which are the tasks or memories of these agents; nothing else here runs code.
"""


def _own_names(study: Study) -> tuple[str, ...]:
    """Returns a study's own tasks and memories."""
    return (*filter(is_own, memory_kinds(study)), *own_code(study.tasks))


def write_hub(result: Result, finished: Sequence[Run], out: Path) -> str:
    """Writes the folder; returns one line on what was written."""
    store = Store(result.directory)
    for run in finished:
        _write_agent(store, run, _folder(out, run))
    (out / STUDY_YAML).write_text(result.study.to_yaml(), encoding="utf-8")
    (out / "report.json").write_text(json.dumps(result.json, indent=1, ensure_ascii=False), encoding="utf-8")
    for name in (REFERENCES_JSON, CURVES_PARQUET):
        if (result.directory / name).is_file():
            shutil.copyfile(result.directory / name, out / name)
    for kind in _own_names(result.study):
        if (copy := copy_path(result.directory / COPIES, kind)).is_file():
            (out / COPIES).mkdir(exist_ok=True)
            shutil.copyfile(copy, out / COPIES / copy.name)
    header = yaml.safe_dump(_metadata(result), sort_keys=False, allow_unicode=True)
    (out / "README.md").write_text(f"---\n{header}---\n{_card(result, finished)}", encoding="utf-8")
    return f"a model card and the weights of {len(finished)} agents; upload the folder as it is"


def hub_weights(directory: Path, run: Run) -> dict[str, npt.NDArray[Any]] | None:
    """Returns a run's stored weights, `[1, ...]` by name; None without the run.

    Raises:
        StoreError: they cannot be read.
    """
    path = _folder(directory, run) / MODEL
    if not path.is_file():
        return None
    try:
        about = json.loads((path.parent / "config.json").read_text(encoding="utf-8"))
        weights = safetensors.numpy.load_file(path)
        return {**{name: array[None] for name, array in weights.items()}, "train_step": np.array([about["train_step"]])}
    except (OSError, ValueError, KeyError, safetensors.SafetensorError) as error:
        raise StoreError(f"{path.parent}: cannot be read: {error}") from error


def _folder(directory: Path, run: Run) -> Path:
    return directory / "agents" / run.id


def _write_agent(store: Store, run: Run, folder: Path) -> None:
    folder.mkdir(parents=True)
    weights = store.read_weights(run)
    last = {name: np.ascontiguousarray(array[-1]) for name, array in weights.items() if name != "train_step"}
    step = int(weights["train_step"][-1])
    about = {"cell": describe(run.cell), "seed": str(run.seed), "train_step": str(step)}
    safetensors.numpy.save_file(last, folder / MODEL, metadata=about)
    config = {"cell": describe(run.cell), "levels": run.cell.json(), "seed": run.seed, "train_step": step}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def _metadata(result: Result) -> dict[str, Any]:
    """Returns the card's header, with late scores and returns."""
    study = result.study
    header = {
        "library_name": "rl2-ingredients",
        "pipeline_tag": "reinforcement-learning",
        "tags": ["reinforcement-learning", "meta-reinforcement-learning", "in-context-learning"],
    }
    measured = [
        {"type": kind, "name": f"{kind}, {describe(cell)}", "value": round(float(row[column]), 4), "verified": False}
        for cell, row in zip(cells(study), result.cells.to_dict("records"), strict=True)
        for kind, column in (("late_score", "late"), ("mean_return", "return"))
        if _number(row[column])
    ]
    if not measured:
        return header
    tasks = str(getattr(study.tasks, family_key(study.tasks)))
    about = {
        "task": {"type": "reinforcement-learning", "name": "reinforcement-learning"},
        "dataset": {"type": tasks, "name": tasks},
        "metrics": measured,
    }
    return {**header, "model-index": [{"name": study.name, "results": [about]}]}


def _card(result: Result, finished: Sequence[Run]) -> str:
    """Returns the card: the agents, the findings, how to load."""
    found, study = result.json, result.study
    judged = zip(cells(study), result.cells.to_dict("records"), strict=True)
    rows = [
        f"| {describe(cell)} | {row['verdict'] or 'not applicable'} | {_number(row['late'])} |" for cell, row in judged
    ]
    fullest = next((run for run in finished if run.cell.is_full), finished[-1])
    return _CARD.format(
        name=study.name,
        agents=len(finished),
        question=study.question,
        sentence=found.get("sentence") or "",
        rows="\n".join(rows),
        cell=describe(fullest.cell),
        run=fullest.id,
        own=_OWN if _own_names(study) else "",
        model=MODEL,
    )


def _number(value: float | None) -> str:
    return "" if value is None or np.isnan(value) else f"{value:.2f}"
