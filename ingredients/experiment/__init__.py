"""One stack from start to stored result: the only wing that knows both training and storage.

In reading order: `stack` (the jobs of an engine: train, evaluate, store), `course` (training that can be gone on with),
`informed` (the yardstick where no reference is known), `memoryless` (the best that agents without memory can do),
`tables` (curves, diagnostics and weights as they are stored), `brains` (a stored run's agent, to play with), `work`
(how much it is, counted beforehand). What a job tells on the way stands here, where the main process finds it without
importing torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Literal, NamedTuple

from ingredients.grid import STACK_RUNS, runs
from ingredients.study import Study

SNAPSHOT_SECONDS = 30.0  # what a crash costs at most; a snapshot takes milliseconds
MOST_INFORMED = 5
MOST_MEMORYLESS, RUNS_AN_AGENT = 3, 6
MORE_STEPS = 1.5  # of a run's: what memoryless agents are trained for


@dataclass(frozen=True)
class Progress:
    """How far a job is.

    Attributes:
        phase: what it is doing.
        train_step: environment steps of each run so far.
        train_steps: environment steps that each run will have; 0 where nothing is trained.
        env_steps: environment steps of all runs of the job so far.
        score: the best run's mean return an episode in the last rollout; None where there is none.
        notice: what the user should be told, in one line, where there is something.
        diagnostics: of the last update, means over the runs, named as in `diagnostics.parquet`; empty where there are
            none.
    """

    phase: Literal["training", "evaluating", "references"]
    train_step: int = 0
    train_steps: int = 0
    env_steps: int = 0
    score: float | None = None
    notice: str | None = None
    diagnostics: Mapping[str, float] = field(default_factory=dict)


Tell = Callable[[Progress], None]


class Work(NamedTuple):
    """Environment steps of one run: trained on, and only played, in evaluations."""

    trained: int
    played: int


def memoryless_agents(study: Study) -> int:
    """Returns how many memoryless agents are trained for each combination of channels.

    By default so many that they take about a quarter of the study's training at most, and no more than three.
    """
    asked = study.evaluation.reactive_agents
    if asked != "auto":
        return int(asked)
    return min(len(runs(study)) // (RUNS_AN_AGENT * len(combinations(study))), MOST_MEMORYLESS)


def combinations(study: Study) -> tuple[tuple[bool, bool], ...]:
    """Returns which channels memoryless agents are shown, reward and action: those of the study's cells, and both."""
    given = set(product(study.ingredients.reward_observation, study.ingredients.action_observation))
    every = ((True, True), (True, False), (False, True), (False, False))
    return tuple(pair for pair in every if pair == (True, True) or pair in given)


def memoryless_steps(study: Study) -> int:
    """Returns the environment steps that all memoryless agents of a study are trained on."""
    return memoryless_agents(study) * len(combinations(study)) * int(MORE_STEPS * study.learner.train_steps)


def informed_seeds(study: Study) -> int:
    """Returns how many informed agents are trained, in one stack."""
    return min(study.seeds.count, MOST_INFORMED, STACK_RUNS)
