"""A stack's results as tables and arrays: curves, diagnostics, weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ingredients.agent.network import flatten, views
from ingredients.grid import Run
from ingredients.inner.analysis import inner_algorithm
from ingredients.inner.planning import planning
from ingredients.store import DIAGNOSTICS
from ingredients.study import Study
from ingredients.study.axis import axis_of
from ingredients.tasks.blocks import in_blocks
from ingredients.training.draws import TRAINING_SAMPLE, evaluation_tasks, training_sample
from ingredients.training.evaluation import evaluate, probes_of, stage_of
from ingredients.training.inside import carried_inside
from ingredients.training.trainer import Setup, Update

_NAMED = {"train_step": "train_step", "probe": "probe", "tasks": "kind"}  # columns, and what `_Curves` calls them


@dataclass(frozen=True)
class Policies:
    """A stack's policies at evaluation points: train steps, and weights `[S, P]` of each."""

    train_steps: list[int]
    weights: list[Tensor]


@dataclass(frozen=True)
class _Take:
    """One evaluation of a stack: tasks `[S, N, D]`, policies `[S, P]`."""

    train_step: int
    kind: str
    tasks: Tensor
    probes: Sequence[str]
    policy: Tensor


@dataclass(frozen=True)
class RunEvaluation:
    """The evaluation of one run.

    Attributes:
        returns_by_block: plain return on blocks of held-out tasks, the same for all runs.
        statistics: the family's own numbers.
        blocks: final curves on those blocks by probe, `[G, K]`.
        inside: result of `training.inside`.
        analysis: of `evaluation.analysis`.
    """

    curves: pd.DataFrame
    returns_by_block: tuple[float, ...]
    statistics: Mapping[str, float] = field(default_factory=dict)
    blocks: Mapping[str, np.ndarray] = field(default_factory=dict)
    inside: Mapping[str, float] = field(default_factory=dict)
    analysis: Mapping[str, Sequence[float]] = field(default_factory=dict)


def evaluations(study: Study, setup: Setup, policies: Policies) -> list[RunEvaluation]:
    """Returns runs' evaluations: few tasks at points, many with probes at the end."""
    parts: list[_Curves] = []
    blocks: list[tuple[float, ...]] = []
    statistics: Sequence[Mapping[str, float]] = ()
    curves_by_block: Mapping[str, Tensor] = {}
    stage = stage_of(setup)
    for part in _takes(study, setup, policies):
        best = setup.family.best_episode_return(part.tasks)
        evaluated = evaluate(setup, part.policy, part.tasks, part.probes, stage)
        if part.probes:
            blocks = _by_block(evaluated.returns)
            statistics = evaluated.statistics or [{}] * len(setup.runs)
            curves_by_block = evaluated.blocks
        tops = [np.nan] * len(setup.runs) if best is None else [float(each.double().mean()) for each in best]
        for probe, curves in evaluated.curves.items():
            parts.append(_Curves(part.train_step, probe, part.kind, curves.numpy(), tops))
    tables = [_table(study, run, index, parts) for index, run in enumerate(setup.runs)]
    whole = [
        {name: np.ascontiguousarray(each[index].numpy()) for name, each in curves_by_block.items()}
        for index in range(len(tables))
    ]
    settings = study.evaluation
    runs = len(setup.runs)
    held_out = evaluation_tasks(setup.family, settings.tasks, settings.stream).expand(runs, -1, -1)
    inside = carried_inside(setup, policies.weights[0], policies.weights[-1], held_out)
    analysis = _analysis(study, setup, policies)
    return [RunEvaluation(*made) for made in zip(tables, blocks, statistics, whole, inside, analysis, strict=True)]


def _analysis(study: Study, setup: Setup, policies: Policies) -> list[dict[str, Sequence[float]]]:
    """Returns each run's results of `evaluation.analysis`."""
    if study.evaluation.analysis == "none":
        return [{} for _ in setup.runs]
    if study.evaluation.analysis == "planning":
        return planning(setup, policies.weights, study.evaluation.tasks)
    return inner_algorithm(setup, policies.train_steps, policies.weights, study.evaluation.tasks)


def _by_block(returns: Tensor) -> list[tuple[float, ...]]:
    """Returns runs' mean returns on at most 20 blocks of tasks, from `[S, N]`."""
    means = torch.stack([block.mean(1) for block in in_blocks(returns, dim=1)], dim=1)
    return [tuple(of_run) for of_run in means.tolist()]


def _takes(study: Study, setup: Setup, policies: Policies) -> Iterator[_Take]:
    runs = len(setup.runs)
    settings = study.evaluation
    held_out = evaluation_tasks(setup.family, settings.tasks, settings.stream).expand(runs, -1, -1)
    lanes = min(settings.tasks, TRAINING_SAMPLE)
    own = training_sample(setup.runs, setup.family, setup.lifetimes, setup.updates, lanes)
    for step, policy in zip(policies.train_steps[:-1], policies.weights[:-1], strict=True):
        yield _Take(step, "held_out", held_out[:, : settings.tasks_at_points], (), policy)
        yield _Take(step, "training", own[:, : settings.tasks_at_points], (), policy)
    step, policy = policies.train_steps[-1], policies.weights[-1]
    yield _Take(step, "held_out", held_out, probes_of(setup.family), policy)
    yield _Take(step, "training", own, (), policy)


class _Curves(NamedTuple):
    """All runs' curves under one probe, `[S, K]`; best episode returns or NaN."""

    train_step: int
    probe: str
    kind: str
    returns: np.ndarray
    tops: list[float]


def _table(study: Study, run: Run, index: int, parts: Sequence[_Curves]) -> pd.DataFrame:
    """Returns a run's curves, a row per point."""
    axis = axis_of(study.tasks)
    returns = np.concatenate([part.returns[index] for part in parts])
    tops = np.repeat([part.tops[index] for part in parts], axis.points)
    columns = {name: [getattr(part, of) for part in parts] for name, of in _NAMED.items()}
    return pd.DataFrame(
        {
            "study": study.name,
            **run.cell.texts(),
            "seed": run.seed,
            **{name: np.repeat(column, axis.points) for name, column in columns.items()},
            axis.name: np.tile(axis.starts, len(parts)),
            "return": returns,
            "regret": tops - returns,
        }
    )


def diagnostics_tables(updates: Sequence[Update], runs: int) -> list[pd.DataFrame]:
    """Returns a table per run with a row per update."""
    if not updates:
        return [pd.DataFrame([], columns=DIAGNOSTICS.names)] * runs
    told = [_diagnostics(update) for update in updates]
    numbers = torch.stack([torch.stack(columns) for columns in told], dim=2).double().cpu().numpy()  # [7, S, updates]
    counted = [[update.number for update in updates], [update.train_step for update in updates]]
    names = DIAGNOSTICS.names
    return [
        pd.DataFrame(dict(zip(names, [*counted, *numbers[:, index]], strict=True)), columns=names)
        for index in range(runs)
    ]


def _diagnostics(update: Update) -> tuple[Tensor, ...]:
    """Returns an update's numbers, `[S]` each, in column order."""
    losses = update.losses
    columns = (losses.policy, losses.value, losses.entropy, update.score, update.gradient_norm, losses.kl)
    return *columns, losses.clip_fraction


def mean_diagnostics(update: Update) -> dict[str, float]:
    """Returns an update's means over runs, by column, where finite."""
    numbers = torch.stack(_diagnostics(update)).double()
    means = numbers.masked_fill(~numbers.isfinite(), torch.nan).nanmean(1).tolist()
    return dict(zip(DIAGNOSTICS.names[2:], means, strict=True))


def stored_weights(setup: Setup, policies: Policies, index: int) -> dict[str, np.ndarray]:
    """Returns a run's policies at all points, `[points, *shape]` by name, and train steps."""
    rows = torch.stack([policy[index].cpu() for policy in policies.weights])
    named = {name: view.contiguous().numpy() for name, view in views(rows, setup.agent.shapes()).items()}
    return {**named, "train_step": np.array(policies.train_steps)}


def loaded_policies(setup: Setup, stored: Sequence[Mapping[str, np.ndarray]]) -> Policies:
    """Returns a stack's policies from its runs' stored weights."""
    steps = stored[0]["train_step"].tolist()
    weights = [
        flatten([{name: torch.from_numpy(run[name][point]) for name in setup.agent.shapes()} for run in stored])
        for point in range(len(steps))
    ]
    return Policies(steps, [policy.to(setup.device) for policy in weights])
