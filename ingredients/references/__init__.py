"""References: policies of known strength, played on the evaluation tasks (DESIGN §2, Scores and Traps).

Comes in: a family and tasks. Goes out: what the store keeps as `references.json`. Reading order: `policy` (the
words), `simulation` (how a policy is played), `bernoulli_bandit` (which references bandits have), then the
algorithms: `bandit_policies`, `bandit_thompson`, `bandit_gittins`, `bandit_dynamic_programming`, `bandit_reactive`. A
further family brings one file and one line of `references_for`.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from ingredients.references.bernoulli_bandit import bernoulli_bandit_references
from ingredients.references.policy import Reference, References
from ingredients.tasks.bernoulli_bandit import BernoulliBandit
from ingredients.tasks.family import Family


def references_for(family: Family) -> References:
    """Returns the references of `family`.

    Raises:
        NotImplementedError: no references are known for this kind of family.
    """
    match family:
        case BernoulliBandit():
            return bernoulli_bandit_references(family)
        case _:
            raise NotImplementedError(f"no references are known for the task family {family.name!r}")


def evaluate_references(family: Family, tasks: Tensor, simulated_runs: int = 5) -> dict[str, Any]:
    """Returns the roles of the references and their curves on `tasks` `[N, task_size]`, as JSON.

    `simulated_runs` stand in for the seeds of a cell: every run plays all tasks with its own draws.
    """
    references = references_for(family)
    return {
        "floor": references.floor,
        "reactive": references.reactive,
        "yardstick": references.yardstick,
        "writable": family.writable,
        "references": {reference.name: _evaluate(reference, tasks, simulated_runs) for reference in references.all},
    }


def _evaluate(reference: Reference, tasks: Tensor, simulated_runs: int) -> dict[str, Any]:
    runs = [reference.curves(tasks, run) for run in range(simulated_runs)]
    return {
        "exact": reference.exact,
        "expected_return": reference.expected_return,
        "curves": {"none": [run.none for run in runs], "memory_swap": [run.memory_swap for run in runs]},
    }


__all__ = ["Reference", "References", "evaluate_references", "references_for"]
