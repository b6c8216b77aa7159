"""The jobs that a grid still needs, and their outcomes; without torch."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingredients.engine.calls import call_in_each
from ingredients.engine.protocol import Engine, Failed, Finished, Job, Needs
from ingredients.engine.worker import written_log
from ingredients.experiment import SNAPSHOT_SECONDS, informed_seeds, memoryless_steps
from ingredients.grid import Cell, Run, Stack, fingerprints, memory_kinds, own_tasks, references_fingerprint, stacks
from ingredients.grid_run.events import FinishedByOther
from ingredients.grid_run.tally import Tally
from ingredients.store import Store, load_result
from ingredients.study import Study
from ingredients.study.own_source import is_own, source_digest, source_path
from ingredients.study.tasks import family_key, is_foreign, own_code

REFERENCES = "references"
LOGS = "logs"


@dataclass(frozen=True)
class Remaining:
    """What is left of the requested runs.

    Attributes:
        stacks: the study's, with the requested unfinished runs alone.
        trained: those with good stored weights, which are only evaluated again.
        failed: `Store.record_mark` of those that failed before.
        edited: user's files changed since training.
        outdated: number of runs trained again for that.
    """

    study: Study
    runs: tuple[Run, ...]
    stacks: tuple[Stack, ...]
    trained: frozenset[Run]
    references: bool
    failed: Mapping[Run, Hashable] = field(default_factory=dict)
    edited: tuple[str, ...] = ()
    outdated: int = 0

    @property
    def todo(self) -> int:
        """Number of unfinished runs."""
        return sum(len(stack.runs) for stack in self.stacks)

    def env_steps(self, stack: Stack) -> int:
        """Returns the environment steps that a stack still trains."""
        return len(set(stack.runs) - self.trained) * self.study.learner.train_steps

    @property
    def reference_steps(self) -> int:
        """Environment steps of memoryless agents, and informed ones for foreign tasks."""
        if not self.references:
            return 0
        informed = informed_seeds(self.study) * self.study.learner.train_steps if is_foreign(self.study.tasks) else 0
        return informed + memoryless_steps(self.study)

    @property
    def finished(self) -> int:
        """Number of finished runs."""
        return len(self.runs) - self.todo


@dataclass(frozen=True)
class StackOptions:
    """How stacks are trained; `needs` is by the job's key."""

    device: str = "cpu"
    snapshot_seconds: float = SNAPSHOT_SECONDS
    needs: Mapping[str, Needs] = field(default_factory=dict)


@dataclass(frozen=True)
class GridPart:
    """What one job does: a stack's runs, or (None) the references."""

    stack: Stack | None = None

    @property
    def key(self) -> str:
        """Key of its job."""
        if self.stack is None:
            return REFERENCES
        return f"stack-{self.stack.index}" + (f"-part-{self.stack.part}" if self.stack.part else "")

    @property
    def names(self) -> frozenset[str]:
        """What it makes, as leases name it."""
        return frozenset([REFERENCES] if self.stack is None else [run.id for run in self.stack.runs])


def remaining(study: Study, store: Store, chosen: Collection[Cell]) -> Remaining:
    """Returns what `store` lacks of the chosen cells; failed runs are lacking."""
    states = store.states(study)
    asked = tuple(run for run in states if run.cell in chosen)
    todo = {run for run in asked if states[run] != "finished"}
    cut = (Stack(stack.index, tuple(run for run in stack.runs if run in todo)) for stack in stacks(study))
    trained = frozenset(run for run in asked if states[run] == "trained")
    failed = {run: store.record_mark(run) for run in asked if states[run] == "failed"}
    left = tuple(stack for stack in cut if stack.runs)
    outdated = sum(states[run] == "missing" and store.record_mark(run) is not None for run in asked)
    edited = _edited(study, store) if outdated else ()
    return Remaining(study, asked, left, trained, references_needed(study, store), failed, edited, outdated)


def _edited(study: Study, store: Store) -> tuple[str, ...]:
    """Returns the user's files that differ from the store's copies; without copies, all."""
    files = {name: source_path(name).name for name in (*filter(is_own, memory_kinds(study)), *own_code(study.tasks))}
    changed = [file for name, file in files.items() if source_digest(name) != store.source_digest(name)]
    return tuple(dict.fromkeys(changed or files.values()))


def parts(rest: Remaining) -> list[GridPart]:
    """Returns what remains, references first, then the largest stacks."""
    largest_first = sorted(rest.stacks, key=rest.env_steps, reverse=True)
    return [GridPart()] * rest.references + [GridPart(stack) for stack in largest_first]


def part_job(rest: Remaining, part: GridPart, directory: Path, options: StackOptions) -> Job:
    """Returns the job of one part."""
    module = "ingredients.experiment.stack"
    about = others_code(rest.study)
    if part.stack is None:
        steps = rest.reference_steps
        arguments = (rest.study, directory, options.device)
        return Job(part.key, f"{module}:run_references", arguments, tells=True, env_steps=steps, about=about)
    return Job(
        part.key,
        f"{module}:run_stack",
        (rest.study, part.stack, directory, options.device, options.snapshot_seconds),
        tells=True,
        env_steps=rest.env_steps(part.stack),
        needs=options.needs.get(part.key, Needs()),
        about=about,
        runs=len(part.stack.runs),
    )


def others_code(study: Study) -> str:
    """Returns a study's foreign code: `tasks my_env:MyEnv, memory my:Net`."""
    key = family_key(study.tasks)
    tasks = [f"tasks {getattr(study.tasks, key)}"] if is_foreign(study.tasks) else []
    return ", ".join([*tasks, *(f"memory {kind}" for kind in memory_kinds(study) if is_own(kind))])


def call_with_study(engine: Engine, workers: int, function: str, study: Study, *arguments: object) -> list[Any]:
    """Returns each worker's result of `function(study, *arguments)`, called at once.

    Raises:
        IngredientsError: a call failed.
    """
    return call_in_each(engine, workers, function, study, *arguments, about=others_code(study))


def grid_jobs(rest: Remaining, directory: Path, options: StackOptions) -> list[Job]:
    """Returns a job for every part."""
    return [part_job(rest, part, directory, options) for part in parts(rest)]


def references_needed(study: Study, store: Store) -> bool:
    """Returns whether references are missing or outdated, or informed agents lack seeds."""
    stored = store.read_references()
    if stored is None or stored.get("own_tasks", "") != own_tasks(study):
        return True
    if is_foreign(study.tasks) and len(_plain_runs(stored)) < informed_seeds(study):
        return True
    return bool(stored.get("evaluates") != references_fingerprint(study))


def _plain_runs(stored: Mapping[str, Any]) -> Sequence[object]:
    """Returns the stored yardstick's plain curves by agent."""
    curves: Sequence[object] = stored["references"][stored["yardstick"]]["curves"]["none"]
    return curves


def failures(rest: Remaining, store: Store, tally: Tally) -> list[str]:
    """Returns a line for each failed run and for failed references."""
    ended: tuple[Failed | Finished | FinishedByOther, ...] = (*tally.failures, *tally.finished, *tally.elsewhere)
    return [line for event in ended for line in _failures(rest, store, event)]


def other_training(study: Study, directory: Path) -> str | None:
    """Returns in words what `directory` holds that was trained otherwise, or None.

    Raises:
        StoreError: it holds no results.
    """
    if not directory.exists() or (directory.is_dir() and not any(directory.iterdir())):
        return None
    store, _ = load_result(directory)
    return store.trained_otherwise(study)


def _failures(rest: Remaining, store: Store, event: Failed | Finished | FinishedByOther) -> Iterator[str]:
    if not isinstance(event, Failed):
        written = written_log(store.directory / LOGS, event.job.key) if isinstance(event, Finished) else None
        log = f"; log: {written}" if written else ""
        yield from (f"{run_id}: {reason}{log}" for run_id, reason in event.result.items())
        return
    log = f"; log: {event.log}" if event.log else ""
    for name in _lost(rest, store, event.job):
        yield f"{name}: {event.reason}{log}"


def _lost(rest: Remaining, store: Store, job: Job) -> list[str]:
    """Returns what a failed job did not finish; some runs may be stored."""
    if job.key == REFERENCES:
        return [REFERENCES]
    lost = (run for stack in rest.stacks if GridPart(stack).key == job.key for run in stack.runs)
    return [run.id for run in lost if store.state(run, fingerprints(rest.study, run)) != "finished"]
