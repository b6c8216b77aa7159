"""Judges any policy by a study's probes, references and verdict rule (docs/api.md).

It plays the evaluation tasks with the first seed's draws, as a run of the full cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ingredients.agent.memory import State
from ingredients.agent.network import Agent
from ingredients.agent.observation import InputLayout
from ingredients.agent.policy import sample
from ingredients.api.agent import StoredAgent
from ingredients.api.policies import Numbers, PolicyInput, UserPolicy, as_policy
from ingredients.errors import UsageError
from ingredients.experiment import Progress, Tell
from ingredients.experiment.stack import made_references
from ingredients.grid import Cell, Run
from ingredients.judgement import CellInput, CellResult, Judgement, RunCurves, judge_study
from ingredients.judgement_input.curves import block_curves
from ingredients.judgement_input.references import read_references
from ingredients.probes import SWAPS
from ingredients.study import Study
from ingredients.study.axis import axis_of
from ingredients.tasks.blocks import MOST_BLOCKS
from ingredients.tasks.foreign import reward_scale
from ingredients.training.draws import evaluation_tasks
from ingredients.training.evaluation import Evaluated, probes_of
from ingredients.training.evaluation import evaluate as played
from ingredients.training.setup import Setup, prepare

FULL = Cell(True, True, True, True)


@dataclass(frozen=True, eq=False)
class Judged:
    """The judgement on policies, as runs of one cell."""

    study: Study
    judgement: Judgement
    runs: tuple[RunCurves, ...]

    @property
    def cell(self) -> CellResult:
        """Result of all policies; "most" needs at least five."""
        return self.judgement.cells[0]

    @property
    def classes(self) -> tuple[str | None, ...]:
        """Class of each policy: `none`, `reactive`, `carried`, `in-context` or `undecided`."""
        return tuple(run.verdict for run in self.cell.runs)

    def curves(self) -> pd.DataFrame:
        """Returns a row per point: `policy`, `probe`, `episode` or `step`, `return` (raw)."""
        axis = axis_of(self.study.tasks)
        tables = [
            pd.DataFrame({"policy": place, "probe": probe, axis.name: np.array(axis.starts), "return": curve})
            for place, run in enumerate(self.runs)
            for probe, curve in {"none": run.plain, **run.probes}.items()
        ]
        return pd.concat(tables, ignore_index=True)


def evaluate(policy: Any, study: Study, tell: Tell | None = None) -> Judged:  # noqa: ANN401 - whatever acts
    """Returns the judgement on a policy by the study's tasks, probes, references and rule (docs/api.md).

    Args:
        policy: one with a state, a function of the input, a stored agent, or a list of these: one run each.
        study: ingredients do not matter; the learner only for trained references.
        tell: hears progress.

    Raises:
        UsageError: it is no policy, or returns no probabilities.
    """
    given = policy if isinstance(policy, list | tuple) else [policy]
    if not given:
        raise UsageError("evaluate: no policy was given")
    runs = tuple(_lived(each, study, study.seeds.first + place) for place, each in enumerate(given))
    references = made_references(study, "cpu", tell or _silent, leaks=False)
    cells = [CellInput(FULL, runs)]
    known = read_references({**references, "axis": axis_of(study.tasks)})
    judgement = judge_study(cells, known, study.criterion)
    return Judged(study, judgement, runs)


def _silent(progress: Progress) -> None:
    """Ignores progress."""


def _lived(policy: Any, study: Study, seed: int) -> RunCurves:  # noqa: ANN401 - whatever acts
    """Returns one policy's curves, plain and under every probe."""
    run = policy.run if isinstance(policy, StoredAgent) else Run(FULL, seed)
    setup = prepare(study, (Run(run.cell, seed),))
    if isinstance(policy, StoredAgent):
        agent, rows = policy.architecture, policy.rows
    else:
        agent = _agent(as_policy(policy), setup)
        rows = torch.zeros(1, 0)
    seated = replace(setup, agent=agent)
    tasks = evaluation_tasks(setup.family, study.evaluation.tasks, study.evaluation.stream)
    return _curves(seed, played(seated, rows, tasks.unsqueeze(0), probes_of(setup.family)))


def _curves(seed: int, evaluated: Evaluated) -> RunCurves:
    curves = {name: curve[0].numpy() for name, curve in evaluated.curves.items()}
    plain = curves.pop("none")
    blocks = evaluated.returns[0].tensor_split(min(MOST_BLOCKS, evaluated.returns.shape[1]))
    return RunCurves(
        seed=seed,
        plain=plain,
        swapped={carrier: curves[probe] for probe, carrier in SWAPS.items() if probe in curves},
        points={0: plain},
        probes=curves,
        blocks=np.array([float(block.mean()) for block in blocks]),
        on_blocks=block_curves({name: rows[0].numpy() for name, rows in evaluated.blocks.items()}),
    )


# A policy in the place of an agent


def _agent(policy: UserPolicy, setup: Setup) -> Agent:
    layout = setup.agent.layout
    if layout.continuous:
        raise UsageError(
            "evaluate: actions of these tasks are vectors; a policy of yours can have discrete actions only"
        )
    return _PolicyAgent(layout, layout.actions, _PolicyMemory(policy, layout, reward_scale(setup.family)))


@dataclass(frozen=True)
class _PolicyMemory:
    """A policy as a memory (`agent.memory.protocol`), which outputs log-probabilities."""

    policy: UserPolicy
    layout: InputLayout
    scale: float

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns nothing: the policy keeps its weights."""
        return {}

    def initial_weights(self, draw: torch.Generator) -> dict[str, Tensor]:
        """Returns nothing."""
        return {}

    def initial_state(self, runs: int, lanes: int, steps: int, like: Tensor) -> State:
        """Returns the policy's initial state, parts `[1, N, ...]`."""
        return tuple(torch.as_tensor(part).unsqueeze(0) for part in self.policy.initial_state(lanes))

    def step(self, weights: Mapping[str, Tensor], state: State, carry_t: Tensor, x_t: Tensor) -> tuple[Tensor, State]:
        """Returns log-probabilities `[1, N, A]` and next state for x_t `[1, N, F]`."""
        lanes = x_t.shape[1]
        before = state if bool(carry_t.any()) else self.initial_state(1, lanes, 0, x_t)
        answered = self.policy.act(tuple(part[0].numpy().copy() for part in before), self._seen(x_t[0]))
        odds, after = self._checked(answered, lanes)
        return odds.log().unsqueeze(0), tuple(torch.as_tensor(np.array(part)).unsqueeze(0) for part in after)

    def unroll(self, weights: Mapping[str, Tensor], carry: Tensor, x: Tensor, start: State | None = None) -> Tensor:
        """Is never called, since nothing is trained."""
        raise AssertionError("a policy of somebody else's is only played")

    def tape_floats(self, steps: int) -> int:
        """Returns 0: nothing is trained."""
        return 0

    def state_floats(self, steps: int) -> int:
        """Returns the size of one lane's state."""
        return sum(int(np.asarray(part).size) for part in self.policy.initial_state(1))

    def _seen(self, x: Tensor) -> PolicyInput:
        layout = self.layout
        one_hot = x[:, layout.action]
        shown = x[:, layout.action.stop] > 0
        return PolicyInput(
            observation=x[:, : layout.observation_size].numpy().copy(),
            reward=(x[:, layout.reward] / self.scale).numpy(),
            action=torch.where(shown, one_hot.argmax(-1), -1).numpy(),
            lifetime_start=(x[:, layout.lifetime_start] > 0).numpy(),
            episode_start=(x[:, layout.episode_start] > 0).numpy(),
            columns=x[:, : layout.one].numpy().copy(),
        )

    def _checked(self, answered: Any, lanes: int) -> tuple[Tensor, Sequence[Numbers]]:  # noqa: ANN401 - a user's answer
        """Returns checked probabilities `[N, A]` (float32) and the state's parts."""
        wanted = (lanes, self.layout.actions)
        if not isinstance(answered, tuple) or len(answered) != 2:
            raise UsageError("policy: act must return (probabilities, state)")
        odds = np.asarray(answered[0], np.float32)
        after = answered[1]
        if odds.shape != wanted:
            raise UsageError(f"policy: probabilities must have shape {wanted}, got {odds.shape}")
        if not np.isfinite(odds).all() or (odds < 0).any() or not np.allclose(odds.sum(1), 1.0, atol=1e-3):
            raise UsageError("policy: probabilities must be 0 or more and add up to 1 in each lane")
        if any(np.shape(part)[:1] != (lanes,) for part in after):
            raise UsageError(f"policy: every part of the state must have {lanes} lanes in its first dimension")
        return torch.from_numpy(odds.copy()), after


@dataclass(frozen=True)
class _PolicyAgent(Agent):
    """A policy as an agent: the memory's output is the logits."""

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns nothing: there are no weights of ours."""
        return {}

    def choices(self, weights: Mapping[str, Tensor], outputs: Tensor, uniform: Tensor) -> Tensor:
        """Returns choices `[1, N]` (int64)."""
        return sample(outputs, uniform)

    def heads(self, weights: Mapping[str, Tensor], outputs: Tensor) -> Tensor:
        """Returns the logits `[1, N, A]`."""
        return outputs
