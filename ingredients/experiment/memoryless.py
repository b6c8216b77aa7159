"""Memoryless agents: the study's own trainer without memory, trained for half as many steps again as a run.

They are the verdict rule's hurdle, and the ceiling of cells without memory. For each combination of channels the best,
of seeds that no study uses, is chosen on separate tasks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ingredients.experiment import MORE_STEPS, Progress, Tell, combinations, memoryless_agents
from ingredients.grid import Cell, Run
from ingredients.references import lucks
from ingredients.study import Study
from ingredients.study.seeds import BEYOND_STUDIES
from ingredients.tasks.family import Family
from ingredients.tasks.foreign import take_failures
from ingredients.training.draws import evaluation_tasks
from ingredients.training.evaluation import evaluate
from ingredients.training.trainer import Setup, begin_training, prepare, train

SELECTION_STREAM = 1_000_001  # no study can name it
MOST_SELECTION_TASKS, LUCKS = 2000, 5
TRAINED: Mapping[tuple[bool, bool], str] = {
    (True, True): "trained_reactive",
    (True, False): "trained_reward_only",
    (False, True): "trained_action_only",
    (False, False): "trained_observation_only",
}
FOUND: Mapping[tuple[bool, bool], str] = {(True, False): "reactive_reward_only"}
KEYS: Mapping[tuple[bool, bool], str] = {
    (True, True): "both",
    (True, False): "reward",
    (False, True): "action",
    (False, False): "neither",
}

Entries = dict[str, tuple[dict[str, Any], list[float]]]


def add_memoryless(
    study: Study, family: Family, tasks: Tensor, played: dict[str, Any], device: str, tell: Tell
) -> None:
    """Adds the agents to the result of `evaluate_references`, and `memoryless`: the best known for each combination.

    The best shown both channels is the reactive reference, unless the environment can be written on.
    """
    join_memoryless(played, train_memoryless(study, family, tasks, device, tell))


def train_memoryless(study: Study, family: Family, tasks: Tensor, device: str, tell: Tell) -> Entries:
    """Returns the agents' entries and mean curves at points, by name."""
    agents = memoryless_agents(study)
    entries: Entries = {}
    for shown in combinations(study) if agents else ():
        trained = _train(study, family, shown, agents, device, tell)
        if trained is not None:
            entries[TRAINED[shown]] = _entry(study, trained, tasks)
    return entries


def join_memoryless(played: dict[str, Any], entries: Entries) -> None:
    """Adds trained agents to the references, and names the best known."""
    for name, (entry, at_points) in entries.items():
        played["references"][name], played["at_points"][name] = entry, at_points
    played["memoryless"] = best_known(played)
    best = played["memoryless"].get("both")
    if best is not None and not played["writable"]:
        played["reactive"] = best


def best_known(played: Mapping[str, Any]) -> dict[str, str]:
    """Returns the best reference for each combination of channels, or part of it."""
    references = played["references"]
    found: dict[tuple[bool, bool], str | None] = {**FOUND, (True, True): played["reactive"]}

    def earned(name: str) -> float:
        curves = references[name]["curves"]["none"]
        return sum(map(sum, curves)) / len(curves)

    best: dict[str, str] = {}
    for shown, key in KEYS.items():
        below = [other for other in KEYS if all(mine or not theirs for mine, theirs in zip(shown, other, strict=True))]
        known = (name for other in below for name in (found.get(other), TRAINED[other]))
        names = [name for name in known if name is not None and name in references]
        proven = found.get(shown)
        if proven is not None and references.get(proven, {}).get("exact"):
            best[key] = proven  # others may have had more luck with it, and cannot be better
        elif names:
            best[key] = max(names, key=earned)
    return best


class _Agent(NamedTuple):
    """The best of some trained agents; weights `[1, P]`."""

    study: Study
    family: Family
    cell: Cell
    weights: Tensor


def _train(
    study: Study, family: Family, shown: tuple[bool, bool], agents: int, device: str, tell: Tell
) -> _Agent | None:
    """Returns the best agent; None if all failed."""
    cell = Cell(*shown, memory=False, task_distribution=True)
    longer = _longer(study)
    runs = tuple(Run(cell, BEYOND_STUDIES + index) for index in range(agents))
    setup = prepare(longer, runs, device, family)
    training = begin_training(setup)
    for update in train(setup, training):
        tell(_progress(setup, update.number + 1))
    count = min(study.evaluation.tasks, MOST_SELECTION_TASKS)
    chosen_by = evaluation_tasks(family, count, SELECTION_STREAM).expand(agents, -1, -1)
    returns = evaluate(setup, training.policy, chosen_by).returns.mean(1)
    failed = [*training.failed, *take_failures(family)]
    returns[failed] = -torch.inf
    best = int(returns.nan_to_num(nan=-torch.inf).argmax())
    if not bool(torch.isfinite(returns[best])):
        return None
    return _Agent(study, family, cell, training.policy[best : best + 1])


def _entry(study: Study, agent: _Agent, tasks: Tensor) -> tuple[dict[str, Any], list[float]]:
    """Returns the agent's reference entry, and its mean curve on the points' tasks."""
    luck = lucks(0, LUCKS)  # the stream is the setup's
    runs = tuple(Run(agent.cell, BEYOND_STUDIES + number) for number in luck)
    setup = prepare(study, runs, agent.weights.device.type, agent.family)
    weights = agent.weights.expand(len(runs), -1).contiguous()
    played = evaluate(setup, weights, tasks.expand(len(runs), -1, -1))
    first = tasks[: study.evaluation.tasks_at_points].expand(len(runs), -1, -1)
    early = evaluate(setup, weights, first).curves["none"].mean(0)
    curves = played.curves["none"].tolist()
    blocks = played.blocks["none"]
    entry = {
        "exact": False,
        "expected_return": None,
        "curves": {"none": curves, "memory_swap": curves},
        "returns_by_block": blocks.sum(-1).tolist(),
        "blocks": {"none": blocks.mean(0).tolist(), "memory_swap": blocks.mean(0).tolist()},
    }
    at_points: list[float] = early.tolist()
    return entry, at_points


def _longer(study: Study) -> Study:
    steps = int(MORE_STEPS * study.learner.train_steps)
    return study.model_copy(update={"learner": study.learner.model_copy(update={"train_steps": steps})})


def _progress(setup: Setup, updates: int) -> Progress:
    steps = updates * setup.steps_per_update
    whole = setup.updates * setup.steps_per_update
    return Progress("references", steps, whole, steps * len(setup.runs), doing="training agents without memory")
