"""Policies of known strength on the evaluation tasks (docs/design.md §5 and §6).

First `policy`, `simulation`, `computed` (curves without playing), `at_random`; then each family's, with its algorithms:

    bernoulli_bandit        forced_pulls, bandit_policies, bandit_thompson, bandit_gittins, bandit_reactive,
                            bandit_dynamic_programming
    dependent_bandit, informative_bandit
    gaussian_bandit, restless_bandit        gaussian_beliefs, gaussian_gittins
    causal_bandit
    dark_room               dark_room_policies
    interval_reproduction
    memory_planning         planning_maps, planning_policies
    tabular_mdp             mdp_posterior, mdp_policies
    track_bandit
    two_step
    ignorant                none known
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ingredients.families import loaded, spec_of
from ingredients.references.ignorant import ignorant_references
from ingredients.references.policy import CURVES, PolicyCurves, Reference, ReferenceSet
from ingredients.tasks.blocks import in_blocks
from ingredients.tasks.family import Family

WITHOUT_MEMORY = ("reactive", "reactive_reward_only")
MOST_SIMULATED = 1000  # runs that are simulated in one stream at most


def references_for(family: Family) -> ReferenceSet:
    """Returns the references of `family`, by default those of `ignorant`."""
    spec = spec_of(family)
    known = loaded(spec.references) if spec and spec.references else ignorant_references
    references: ReferenceSet = known(family)
    return references


def evaluate_references(
    family: Family,
    tasks: Tensor,
    at_points: int,
    simulated_runs: int = 5,
    stream: int = 0,
    told: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Returns roles and curves of the references on `tasks` `[N, task_size]`, as JSON.

    `at_points` counts the first tasks that also give mean curves. `told` receives lifetimes played and their total.
    """
    references = references_for(family)
    luck = lucks(stream, simulated_runs)
    first = tasks[:at_points]
    known = _counting(references.all, (len(first) + len(tasks)) * len(luck), told)
    roles = {references.floor, references.reactive, references.yardstick, *WITHOUT_MEMORY}
    return {
        "floor": references.floor,
        "reactive": references.reactive,
        "yardstick": references.yardstick,
        "writable": len(family.written) > 0,
        "held_out": family.held_out,
        "floor_without_rewards": references.floor_without_rewards,
        "at_points": {reference.name: _mean(reference, first, luck) for reference in known},
        "references": {
            reference.name: _evaluate(reference, tasks, luck, reference.name in roles) for reference in known
        },
    }


def _counting(
    references: Sequence[Reference], lifetimes: int, told: Callable[[int, int], None] | None
) -> Sequence[Reference]:
    """Returns references that report their lifetimes to `told`, if any."""
    if told is None:
        return references
    so_far = 0

    def counted(reference: Reference, tasks: Tensor, run: int) -> PolicyCurves:
        nonlocal so_far
        curves = reference.curves(tasks, run)
        so_far = min(
            so_far + len(tasks), lifetimes * len(references)
        )  # what is computed is asked for block by block again
        told(so_far, lifetimes * len(references))
        return curves

    return [replace(each, curves=partial(counted, each)) for each in references]


def lucks(stream: int, simulated_runs: int) -> range:
    """Returns the numbers of a stream's simulated runs."""
    return range(stream * MOST_SIMULATED, stream * MOST_SIMULATED + simulated_runs)


def _mean(reference: Reference, tasks: Tensor, luck: range) -> list[float]:
    """Returns the mean plain curve `[K]` over runs."""
    curves = torch.tensor([reference.curves(tasks, run).none for run in luck], dtype=torch.float64)
    mean: list[float] = curves.mean(0).tolist()
    return mean


def _evaluate(reference: Reference, tasks: Tensor, luck: range, judged: bool) -> dict[str, Any]:
    """Returns a reference as stored; if `judged`, with blocks of tasks."""
    runs = [reference.curves(tasks, run) for run in luck]
    blocks = [played.blocks or _computed(reference, tasks, run) for run, played in zip(luck, runs, strict=True)]
    entry = {
        "exact": reference.exact,
        "expected_return": reference.expected_return,
        "curves": {name: curves for name in CURVES if None not in (curves := [getattr(r, name) for r in runs])},
        "returns_by_block": [[sum(curve) for curve in each["none"]] for each in blocks],
    }
    if not judged:
        return entry
    return {**entry, "blocks": _mean_blocks(blocks) if runs[0].blocks else blocks[0]}


def _computed(reference: Reference, tasks: Tensor, run: int) -> Mapping[str, list[list[float]]]:
    """Returns computed plain curves on blocks of tasks."""
    return {"none": [reference.curves(part, run).none for part in in_blocks(tasks)]}


def _mean_blocks(by_run: Sequence[Mapping[str, list[list[float]]]]) -> dict[str, list[list[float]]]:
    """Returns mean curves on blocks of tasks, `[G][K]` by name."""
    means = {name: torch.tensor([each[name] for each in by_run], dtype=torch.float64).mean(0) for name in by_run[0]}
    return {name: mean.tolist() for name, mean in means.items()}


__all__ = ["Reference", "ReferenceSet", "evaluate_references", "references_for"]
