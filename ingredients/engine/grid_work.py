"""The jobs of a grid, inside a worker: `experiment`, with what it tells and returns made plain.

Comes in: a study and a stack. Goes out: `Progress` and failures as data that the main process can read without
torch, which importing `experiment` would bring there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from ingredients import experiment
from ingredients.engine.tally import Progress
from ingredients.grid import Stack, study_fingerprint
from ingredients.store import Store
from ingredients.study import Study

SECONDS_BETWEEN_MESSAGES = 0.2

Tell = Callable[[Progress], None]


def do_references(study: Study, directory: Path, tell: Tell) -> dict[str, str]:
    """Evaluates and stores the references, and notes for which evaluation they hold; fails or returns nothing."""
    experiment.run_references(study, directory, _seldom(tell))
    store = Store(directory)
    store.write_references({**(store.read_references() or {}), "evaluates": study_fingerprint(study).evaluates})
    return {}


def do_stack(study: Study, stack: Stack, directory: Path, device: str, tell: Tell) -> dict[str, str]:
    """Trains, evaluates and stores a stack; returns why runs of it failed, by their id."""
    outcomes = experiment.run_stack(study, stack, directory, device, _seldom(tell))
    return {outcome.run_id: outcome.reason or "" for outcome in outcomes if outcome.status == "failed"}


def _seldom(tell: Tell) -> Callable[[experiment.Progress], None]:
    """Returns a `tell` that passes on at most five messages a second, and every change of phase."""
    told_at, phase = float("-inf"), ""

    def tell_seldom(progress: experiment.Progress) -> None:
        nonlocal told_at, phase
        if progress.phase != phase or time.monotonic() - told_at >= SECONDS_BETWEEN_MESSAGES:
            told_at, phase = time.monotonic(), progress.phase
            tell(Progress(phase, progress.train_step, progress.train_steps, progress.env_steps, progress.score))

    return tell_seldom
