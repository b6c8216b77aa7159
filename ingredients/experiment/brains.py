"""A stored run's agent at an evaluation point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from ingredients.agent.network import Agent, views
from ingredients.errors import UsageError
from ingredients.experiment.tables import loaded_policies
from ingredients.grid import Run
from ingredients.store import Store
from ingredients.study import Study
from ingredients.study.own_import import copies_in
from ingredients.study.own_source import COPIES
from ingredients.tasks.family import Family
from ingredients.training.setup import prepare


@dataclass(frozen=True)
class Brain:
    """A run's agent after `train_step` environment steps; weights `[1, *shape]` by name."""

    study: str
    run: Run
    train_step: int
    agent: Agent
    family: Family
    weights: Mapping[str, Tensor]


def read_brain(store: Store, study: Study, run: Run, at: int | None = None) -> Brain:
    """Returns a stored run's agent (`brain_of`).

    Raises:
        StoreError: the run is missing, or its weights unreadable.
        UsageError: no weights were kept at this step.
    """
    return brain_of(study, run, store.read_weights(run), store.directory, at)


def brain_of(study: Study, run: Run, weights: dict[str, np.ndarray], directory: Path, at: int | None = None) -> Brain:
    """Returns the agent of stored weights after `at` train steps, an evaluation point, or at the end.

    Own tasks and memories are the results folder's.

    Raises:
        StudyError: they can be imported neither from there nor from Python's path.
        UsageError: no weights were kept at this step.
    """
    with copies_in(directory / COPIES):
        setup = prepare(study, (run,))
    policies = loaded_policies(setup, [weights])
    steps = policies.train_steps
    if at is not None and at not in steps:
        raise UsageError(f"at={at}: no weights were kept at this step; allowed: {', '.join(map(str, steps))}")
    place = len(steps) - 1 if at is None else steps.index(at)
    return Brain(
        study.name, run, steps[place], setup.agent, setup.family, views(policies.weights[place], setup.agent.shapes())
    )
