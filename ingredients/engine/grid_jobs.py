"""Which jobs a grid still needs, and what became of them.

Comes in: a study, its store and the events of an engine. Goes out: jobs for the runs that are not finished, in the
stacks of the whole study, and one line for each run that failed. Training is named, not imported: it needs torch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from ingredients.engine.protocol import Failed, Finished, Job
from ingredients.engine.tally import Tally
from ingredients.grid import Cell, Run, Stack, differences, own_tasks, stacks, study_fingerprint
from ingredients.store import Store, load_result
from ingredients.study import Study
from ingredients.study.tasks import is_foreign

REFERENCES = "references"
INFORMED_SEEDS = 5  # as `experiment.informed` trains, which needs torch


@dataclass(frozen=True)
class Remaining:
    """What is left of the runs that were asked for.

    Attributes:
        study: the study that they belong to.
        runs: the runs asked for.
        stacks: the stacks of the whole study, each with only those of the runs asked for that are not finished.
        trained: those of them whose stored weights are good, which are only evaluated again.
        references: whether the references are still to be evaluated.
    """

    study: Study
    runs: tuple[Run, ...]
    stacks: tuple[Stack, ...]
    trained: frozenset[Run]
    references: bool

    @property
    def todo(self) -> int:
        """Returns the number of runs that are not finished."""
        return sum(len(stack.runs) for stack in self.stacks)

    def env_steps(self, stack: Stack) -> int:
        """Returns the environment steps that a stack still trains."""
        return len(set(stack.runs) - self.trained) * self.study.learner.train_steps

    @property
    def informed_steps(self) -> int:
        """Returns the environment steps for which informed agents are trained, the yardstick of foreign tasks."""
        seeds = min(self.study.seeds, INFORMED_SEEDS)
        return seeds * self.study.learner.train_steps if self.references and is_foreign(self.study.tasks) else 0

    @property
    def finished(self) -> int:
        """Returns the number of runs that are."""
        return len(self.runs) - self.todo


def remaining(study: Study, store: Store, chosen: Collection[Cell]) -> Remaining:
    """Returns what `store` still lacks of the chosen cells; a run that failed before counts as lacking."""
    states = store.states(study)
    asked = tuple(run for run in states if run.cell in chosen)
    todo = {run for run in asked if states[run] != "finished"}
    cut = (Stack(stack.index, tuple(run for run in stack.runs if run in todo)) for stack in stacks(study))
    trained = frozenset(run for run in asked if states[run] == "trained")
    needs_references = _references_needed(study, store)
    return Remaining(study, asked, tuple(stack for stack in cut if stack.runs), trained, needs_references)


def grid_jobs(rest: Remaining, directory: Path, device: str) -> list[Job]:
    """Returns the references' job, if it is needed, and one for each stack, the largest first."""
    function, arguments = "ingredients.experiment.stack:run_references", (rest.study, directory)
    references = Job(REFERENCES, function, arguments, tells=True, env_steps=rest.informed_steps)
    largest_first = sorted(rest.stacks, key=rest.env_steps, reverse=True)
    return [references] * rest.references + [_stack_job(rest, stack, directory, device) for stack in largest_first]


def failures(rest: Remaining, store: Store, tally: Tally) -> list[str]:
    """Returns a line for each run that failed, and for the references if they did: what, why, and the log."""
    ended: tuple[Failed | Finished, ...] = (*tally.failures, *tally.finished)
    return [line for event in ended for line in _failures(rest, store, event)]


def other_training(study: Study, directory: Path) -> str | None:
    """Returns what `directory` holds that was trained otherwise than `study` says, in words; None if nothing.

    Raises:
        StoreError: the folder holds something else than results.
    """
    if not directory.exists() or (directory.is_dir() and not any(directory.iterdir())):
        return None
    _, stored = load_result(directory)
    if study_fingerprint(stored).trains == study_fingerprint(study).trains:
        return None
    return "; ".join(differences(stored, study))


def _stack_job(rest: Remaining, stack: Stack, directory: Path, device: str) -> Job:
    function, arguments = "ingredients.experiment.stack:run_stack", (rest.study, stack, directory, device)
    return Job(_key(stack), function, arguments, tells=True, env_steps=rest.env_steps(stack))


def _references_needed(study: Study, store: Store) -> bool:
    """Returns whether there are none, or they were evaluated otherwise than the study now says."""
    stored = store.read_references()
    if stored is None or stored.get("own_tasks", "") != own_tasks(study):
        return True
    return bool(stored.get("evaluates") != study_fingerprint(study).evaluates)


def _failures(rest: Remaining, store: Store, event: Failed | Finished) -> Iterator[str]:
    if isinstance(event, Finished):
        yield from (f"{run_id}: {reason}" for run_id, reason in event.result.items())
        return
    log = f"; log: {event.log}" if event.log else ""
    for name in _lost(rest, store, event.job):
        yield f"{name}: {event.reason}{log}"


def _lost(rest: Remaining, store: Store, job: Job) -> list[str]:
    """Returns what a failed job did not finish; a stack may have stored some of its runs before it failed."""
    if job.key == REFERENCES:
        return [REFERENCES]
    states = store.states(rest.study)
    lost = (run for stack in rest.stacks if _key(stack) == job.key for run in stack.runs)
    return [run.id for run in lost if states[run] != "finished"]


def _key(stack: Stack) -> str:
    return f"stack-{stack.index}"
