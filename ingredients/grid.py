"""The grid of a study: cells, runs, stacks, and fingerprints that identify stored runs."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ingredients.probes import later_probes
from ingredients.study import INGREDIENTS, Ingredient, Level, MemoryKind, Study, WipeEvery, level_data, level_text
from ingredients.study.axis import bins_of
from ingredients.study.levels import ChannelLevel, MemoryLevel, OneTask, TasksLevel
from ingredients.study.models import OF_WHOLE_LIFETIMES
from ingredients.study.own_source import TASKS, is_own, source_digest
from ingredients.study.segmented import leave_out_idle, may_segment
from ingredients.study.tasks import own_code

__all__ = [
    "INGREDIENTS",
    "STACK_RUNS",
    "TREMBLES",
    "Cell",
    "Fingerprints",
    "Run",
    "Stack",
    "cells",
    "differences",
    "equal_parts",
    "fingerprints",
    "memory_kind",
    "memory_kinds",
    "own_tasks",
    "references_fingerprint",
    "runs",
    "stacks",
    "study_fingerprint",
]

STACK_RUNS = 8
# Raised with every change of code that changes what training, evaluation or judgement gives for the same study, so
# that stored runs of two learners never meet in one grid.
CODE = {"trains": 4, "evaluates": 4, "judges": 4}
CODE_OF_WAITING = 1  # the same, of what the learner makes of waiting steps: a part of tasks that have them only
CODE_OF_ANALYSES = {"inner_algorithm": 3, "planning": 2}  # the same, of what they measure
CODE_OF_LONG_EPISODES = 5  # the same, of training in segments, and of how long episodes are where nobody says
TREMBLES = 0.2  # share of the steps at which the probe `action_tremble` carries out another action
_ONLY_EVALUATES = (
    "evaluation.tasks",
    "evaluation.stream",
    "evaluation.reactive_agents",
    "evaluation.analysis",
)
_SHORT: dict[Ingredient, str] = {
    "reward_observation": "reward",
    "action_observation": "action",
    "memory": "memory",
    "task_distribution": "tasks",
}


@dataclass(frozen=True)
class Cell:
    """One canonical level for each ingredient."""

    reward_observation: ChannelLevel
    action_observation: ChannelLevel
    memory: MemoryLevel
    task_distribution: TasksLevel

    @property
    def reward_shown(self) -> float:
        """Probability that r_{t-1} is shown at a step."""
        return float(self.reward_observation)

    @property
    def action_shown(self) -> float:
        """Probability that a_{t-1} is shown at a step."""
        return float(self.action_observation)

    @property
    def wipe_every(self) -> int | None:
        """Steps between memory resets: 1 with memory off (siblings, `none`), None with memory on."""
        if isinstance(self.memory, WipeEvery):
            return self.memory.steps
        remembers = self.memory.remembers if isinstance(self.memory, MemoryKind) else self.memory
        return None if remembers else 1

    @property
    def training_tasks(self) -> int | None:
        """Number of training tasks: 1 is off, None a fresh task every lifetime (on)."""
        if isinstance(self.task_distribution, bool):
            return None if self.task_distribution else 1
        return 1 if isinstance(self.task_distribution, OneTask) else self.task_distribution

    @property
    def starts_alike(self) -> bool:
        """Whether every training episode starts in the same place."""
        return self.task_distribution is False

    @property
    def random_memory(self) -> bool:
        """Whether training lifetimes start from a random memory."""
        return self.task_distribution is OneTask.RANDOM_MEMORY

    @property
    def is_full(self) -> bool:
        """Whether every ingredient is on, with `agent.memory`."""
        return all(self.level(ingredient) is True for ingredient in INGREDIENTS)

    def level(self, ingredient: Ingredient) -> Level:
        """Returns the level of one ingredient."""
        level: Level = getattr(self, ingredient)
        return level

    def lacking(self, ingredient: Ingredient) -> Cell:
        """Returns the cell with this ingredient off; memory off keeps its own kind."""
        if ingredient == "memory" and isinstance(self.memory, MemoryKind):
            return replace(self, memory=self.memory.off)
        return replace(self, **{ingredient: False})

    def texts(self) -> dict[str, str]:
        """Returns the levels as in tables: `{"memory": "on", ...}`."""
        return {ingredient: level_text(self.level(ingredient)) for ingredient in INGREDIENTS}

    def json(self) -> dict[str, bool | int | float | str | dict[str, int]]:
        """Returns the levels as in `report.json`."""
        return {ingredient: level_data(self.level(ingredient)) for ingredient in INGREDIENTS}

    def label(self) -> str:
        """Returns the cell for people: `reward on · action off · memory on · tasks off`."""
        return " · ".join(f"{_SHORT[ingredient]} {text}" for ingredient, text in self._named())

    def _named(self) -> Iterator[tuple[Ingredient, str]]:
        texts = self.texts()
        return ((ingredient, texts[ingredient]) for ingredient in INGREDIENTS)


@dataclass(frozen=True)
class Run:
    """One cell trained with one seed."""

    cell: Cell
    seed: int

    @property
    def id(self) -> str:
        """Readable name, unique in a study and safe for a folder; no kind of memory has `--` in its own."""
        named = [f"{_SHORT[ingredient]}-{text}" for ingredient, text in self.cell._named()]
        parts = [text.replace("_every=", "-").replace(":", "--") for text in named]
        return "_".join([*parts, f"seed-{self.seed}"])


@dataclass(frozen=True)
class Stack:
    """Runs of one kind of memory, trained together as one tensor program.

    `index` is its number in the study; `part` is 0, or numbers parts cut to fit in memory.
    """

    index: int
    runs: tuple[Run, ...]
    part: int = 0


@dataclass(frozen=True)
class Fingerprints:
    """SHA-256 (hex) of what trains, evaluates and judges.

    If `trains` differs, a stored run is another; if only `evaluates` does, its weights still hold; if only `judges`,
    its curves do.
    """

    trains: str
    evaluates: str
    judges: str


def cells(study: Study) -> tuple[Cell, ...]:
    """Returns the product of the levels; the last ingredient varies fastest."""
    given = study.ingredients
    return tuple(
        Cell(*levels)
        for levels in itertools.product(
            given.reward_observation, given.action_observation, given.memory, given.task_distribution
        )
    )


def memory_kind(study: Study, cell: Cell) -> str:
    """Returns the memory of the cell's agents, carried or not."""
    return cell.memory.kind if isinstance(cell.memory, MemoryKind) else study.agent.memory


def memory_kinds(study: Study) -> tuple[str, ...]:
    """Returns the grid's kinds of memory, in the order of cells."""
    return tuple(dict.fromkeys(memory_kind(study, cell) for cell in cells(study)))


def runs(study: Study) -> tuple[Run, ...]:
    """Returns every cell with every seed, seed by seed."""
    grid = cells(study)
    return tuple(Run(cell, seed) for seed in study.seeds.numbers for cell in grid)


def stacks(study: Study) -> tuple[Stack, ...]:
    """Returns the runs of each kind of memory in nearly equal stacks of at most `STACK_RUNS`, by seed."""
    places = {run: place for place, run in enumerate(runs(study))}
    by_kind: dict[str, list[Run]] = {}
    for run in places:
        by_kind.setdefault(memory_kind(study, run.cell), []).append(run)
    cut = sorted((part for of_kind in by_kind.values() for part in _cut(of_kind)), key=lambda part: places[part[0]])
    return tuple(Stack(index, part) for index, part in enumerate(cut))


def _cut(of_kind: Sequence[Run]) -> Iterator[tuple[Run, ...]]:
    return equal_parts(of_kind, -(-len(of_kind) // STACK_RUNS))


def equal_parts(some: Sequence[Run], count: int) -> Iterator[tuple[Run, ...]]:
    """Yields `count` nearly equal consecutive parts of the runs."""
    bounds = [index * len(some) // count for index in range(count + 1)]
    return (tuple(some[start:end]) for start, end in itertools.pairwise(bounds))


def fingerprints(study: Study, run: Run, sources: Callable[[str], str] | None = None) -> Fingerprints:
    """Returns a run's fingerprints.

    Name, question, number of seeds and other cells do not enter. `evaluation.points` trains: weights are kept then. So
    does a user's own file; `sources` returns its digest, by default the present one.

    Raises:
        UsageError: such a file is missing.
    """
    kind = memory_kind(study, run.cell)
    source = {"own memory": (sources or source_digest)(kind)} if is_own(kind) else {}
    if own := own_tasks(study, sources):
        source["own tasks"] = own
    return _fingerprints(study, {"cell": run.cell.json(), "seed": run.seed, **source})


def own_tasks(study: Study, sources: Callable[[str], str] | None = None) -> str:
    """Returns the digests of users' files behind the tasks, in a line.

    Raises:
        UsageError: one is missing.
    """
    return " ".join((sources or partial(source_digest, what=TASKS))(name) for name in own_code(study.tasks))


def study_fingerprint(study: Study) -> Fingerprints:
    """Returns what a study's runs share of their fingerprints."""
    return _fingerprints(study, {})


def references_fingerprint(study: Study) -> str:
    """Returns the references' fingerprint: what evaluates, without analysis, and the number of trained agents."""
    agents = study.evaluation.reactive_agents
    evaluation = study.evaluation.model_copy(update={"analysis": "none"})
    evaluates = study_fingerprint(study.model_copy(update={"evaluation": evaluation})).evaluates
    return evaluates if agents == "auto" else _digest({"evaluates": evaluates, "reactive_agents": agents})


def differences(stored: Study, asked: Study) -> list[str]:
    """Returns how runs of `asked` differ: `learner.train_steps: 600000 -> 20000`."""
    old, new = (dict(flat(_sections(study, ("tasks", "agent", "learner", "evaluation")))) for study in (stored, asked))
    keys = [key for key in [*old, *(key for key in new if key not in old)] if not key.startswith(_ONLY_EVALUATES)]
    return [f"{key}: {_text(old, key)} -> {_text(new, key)}" for key in keys if old.get(key) != new.get(key)]


def _text(flat: Mapping[str, object], key: str) -> str:
    return str(flat[key]) if key in flat else "nothing"


def _fingerprints(study: Study, run: Mapping[str, object]) -> Fingerprints:
    trains = {
        **_sections(study, ("tasks", "agent", "learner")),
        "points": study.evaluation.points,
        "trained by": CODE["trains"],
        **run,
    }
    if study.tasks.may_end_early:
        trains["waiting"] = CODE_OF_WAITING
    if may_segment(study) or getattr(study.tasks, "episode_steps", None) == "auto":
        trains["long episodes"] = CODE_OF_LONG_EPISODES
    probes = later_probes()
    evaluates = {**trains, "evaluation": _evaluation(study), **({"probes": probes} if probes else {})}
    judges = _sections(study, ("criterion",))
    return Fingerprints(
        *(
            _digest({**what, "code": CODE[name]})
            for name, what in (("trains", trains), ("evaluates", evaluates), ("judges", judges))
        )
    )


def _evaluation(study: Study) -> dict[str, Any]:
    """Returns what evaluates a run, without newer keys' defaults: old fingerprints hold."""
    section = study.evaluation.model_dump(exclude={"reactive_agents"}) | bins_of(study.tasks)
    unnamed = {"stream": 0, "analysis": "none"}
    if (analysis := section["analysis"]) in CODE_OF_ANALYSES:
        section["analysis"] = f"{analysis} {CODE_OF_ANALYSES[analysis]}"
    return {key: value for key, value in section.items() if key not in unnamed or value != unnamed[key]}


def _sections(study: Study, names: tuple[str, ...]) -> dict[str, Any]:
    """Returns sections as data, so that old fingerprints hold: for whole lifetimes without keys of segments."""
    data = study.model_dump(include=set(names))
    leave_out_idle(study.tasks, data.get("tasks", {}))
    if not may_segment(study):
        data.get("learner", {}).pop("segment", None)
        for section, key, usual in OF_WHOLE_LIFETIMES:
            if data.get(section, {}).get(key) == "auto":
                data[section][key] = usual
    return data


def _digest(data: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def flat(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yields every nested value with its path: `learner.discount`."""
    for key, value in data.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
