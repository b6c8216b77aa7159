"""One stack from start to stored result: the only wing that imports both training and storage.

In order: `stack`, `course`, `informed`, `memoryless`, `reference_progress`, `tables`, `brains`, `work`. What jobs
report stands here, without torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Literal, NamedTuple

from ingredients.grid import STACK_RUNS, runs
from ingredients.study import Study
from ingredients.study.seeds import MOST_INFORMED

SNAPSHOT_SECONDS = 30.0  # what a crash costs at most; a snapshot takes milliseconds
MOST_MEMORYLESS, RUNS_AN_AGENT = 3, 6
MORE_STEPS = 1.5  # of a run's: what memoryless agents are trained for


@dataclass(frozen=True)
class Progress:
    """How far a job is.

    Attributes:
        train_step: environment steps of each run so far.
        train_steps: of each run's training; 0 if nothing is trained.
        env_steps: environment steps of all runs so far.
        score: the best run's mean episode return in the last rollout.
        diagnostics: of the last update, means over runs, named as in `diagnostics.parquet`.
    """

    phase: Literal["training", "evaluating", "references"]
    train_step: int = 0
    train_steps: int = 0
    env_steps: int = 0
    score: float | None = None
    notice: str | None = None
    diagnostics: Mapping[str, float] = field(default_factory=dict)
    doing: str = ""
    part_seconds_left: float | None = None


Tell = Callable[[Progress], None]


class Work(NamedTuple):
    """Environment steps of one run, in training and in evaluations."""

    trained: int
    played: int


def memoryless_agents(study: Study) -> int:
    """Returns how many memoryless agents are trained for each combination of channels.

    By default at most three, about a quarter of the training.
    """
    asked = study.evaluation.reactive_agents
    if asked != "auto":
        return int(asked)
    return min(len(runs(study)) // (RUNS_AN_AGENT * len(combinations(study))), MOST_MEMORYLESS)


def combinations(study: Study) -> tuple[tuple[bool, bool], ...]:
    """Returns the channels (reward, action) shown to memoryless agents: cells', and both."""
    given = set(product(study.ingredients.reward_observation, study.ingredients.action_observation))
    every = ((True, True), (True, False), (False, True), (False, False))
    return tuple(pair for pair in every if pair == (True, True) or pair in given)


def memoryless_steps(study: Study) -> int:
    """Returns the environment steps of all memoryless agents' training."""
    return memoryless_agents(study) * len(combinations(study)) * int(MORE_STEPS * study.learner.train_steps)


def informed_seeds(study: Study) -> int:
    """Returns how many informed agents are trained."""
    return min(study.seeds.count, MOST_INFORMED, STACK_RUNS)
