"""All measurements of a stack's inner algorithms, by run, on the first evaluation tasks; only decoders are trained."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Final, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from ingredients.inner import belief
from ingredients.inner.algorithms import Algorithm, along, known_algorithms, lived
from ingredients.inner.candidates import distances
from ingredients.inner.cause import cause
from ingredients.inner.examinees import Agents, Examinee, KnownAlgorithm, TrainedAgents
from ingredients.inner.exchange import asked_after, moves
from ingredients.inner.histories import Histories
from ingredients.inner.measures import decisions, listed, lost, lost_by_pull, lost_by_worth
from ingredients.inner.models import BeliefModel, belief_model
from ingredients.inner.names import KNOWN
from ingredients.seeds import Purpose, generator
from ingredients.tasks.family import Family
from ingredients.training.draws import evaluation_tasks
from ingredients.training.evaluation import lanes_at_once
from ingredients.training.trainer import Setup

LIFETIMES: Final = 256  # of each run, and as many of the Bayes-optimal agent
SHOWN_LIFETIME: Final = -1  # whose belief the report draws: the last, which no decoder was fitted to
MOST_DRAWN: Final = 2  # arms of it
GATE_RUNS, GATE_LIFETIMES = 5, 64


class KeptFamily(Family, Hashable, Protocol):
    """A family whose yardsticks can be cached."""


class Yardsticks(NamedTuple):
    """What all agents on a family are compared with.

    Attributes:
        tasks: ψ, `[N, ...]`.
        algorithms: known ones, by name.
        bayes: Bayes-optimal lifetimes, `[1, N, T]`.
    """

    tasks: Tensor
    model: BeliefModel
    algorithms: Mapping[str, Algorithm]
    bayes: Histories

    @property
    def best(self) -> Algorithm:
        """The Bayes-optimal algorithm, or the best known."""
        return self.algorithms[self.model.posterior.optimal]


@lru_cache(maxsize=2)
def yardsticks(family: KeptFamily, lifetimes: int, stream: int = 0) -> Yardsticks:
    """Returns what agents are compared with; cached across a worker's stacks."""
    model = belief_model(family)
    tasks = evaluation_tasks(family, lifetimes, stream)
    algorithms = known_algorithms(model)
    best = algorithms[model.posterior.optimal]
    draws = generator(0, Purpose.REFERENCES, evaluation=stream)
    bayes = lived(best, model, tasks.unsqueeze(0), model.posterior.action_noise, draws)
    return Yardsticks(tasks, model, algorithms, bayes)


@lru_cache(maxsize=1)
def gate(family: KeptFamily, lifetimes: int, stream: int = 0, lapses: float = 0.0) -> dict[str, list[float]]:
    """Returns measurements of known algorithms, `GATE_RUNS` runs each.

    `lapses`: probability of a random action instead.
    """
    beside = yardsticks(family, lifetimes, stream)
    found = {}
    for name in (name for name in KNOWN if name in beside.algorithms):
        examinee = KnownAlgorithm(beside.algorithms[name], beside.model, seed=stream + 1, lapses=lapses)
        measured = distances_of(examinee, beside, GATE_RUNS)
        for number in measured[0]:
            found[f"gate.{name}.{number}"] = [float(np.mean(run[number])) for run in measured]
    return found


def inner_algorithm(
    setup: Setup, train_steps: Sequence[int], policies: Sequence[Tensor], tasks: int
) -> list[dict[str, Sequence[float]]]:
    """Returns each run's measurements by name (docs/inner-algorithm.md).

    `policies` are weights `[S, P]` at the evaluation points.
    """
    family = setup.family
    assert isinstance(family, Hashable)
    runs = len(setup.runs)
    lifetimes = min(LIFETIMES, tasks, lanes_at_once(setup))
    beside = yardsticks(family, lifetimes, setup.stream)
    agents = [TrainedAgents(Agents(setup, policy), beside.model.course) for policy in policies]
    behaviour = behaviour_of(agents[-1], beside, runs)
    held = _belief_of(agents, train_steps, beside, runs)
    known = gate(family, min(GATE_LIFETIMES, lifetimes), setup.stream, beside.model.lapses)
    return [{**one, **other, **known} for one, other in zip(behaviour, held, strict=True)]


def steps_asked(setup: Setup, points: int, tasks: int) -> int:
    """Returns each run's steps, for an estimate of the time."""
    pasts = 1 if belief_model(setup.family).otherwise is None else 2
    whole = 1 + 2 + 2 + pasts * len(asked_after(setup.family.episodes))  # lives, in both places, mixed, other pasts
    return min(LIFETIMES, tasks, lanes_at_once(setup)) * setup.family.steps * (whole + points)


def behaviour_of(examinee: Examinee, beside: Yardsticks, runs: int) -> list[dict[str, Sequence[float]]]:
    """Returns each run's values lost, distances from candidates, and effect of order."""
    places = _places(examinee, beside, runs)
    told = {
        place: {"agent": examinee.chances(histories)}
        | {name: along(algorithm, histories) for name, algorithm in beside.algorithms.items()}
        for place, histories in places.items()
    }
    found: list[dict[str, Sequence[float]]] = [{} for _ in range(runs)]
    for place, policies in told.items():
        at = decisions(beside.model, beside.model.counts(places[place]))
        for run, named in enumerate(found):
            named |= listed(lost_by_pull(policies, at), f"lost.{place}", run)
            named |= listed(lost_by_worth(policies, at), f"worth.{place}", run)
    own = places["own"]
    order = generator(1, Purpose.REFERENCES)
    moved = moves(examinee.chances, told["own"]["agent"], own, order, beside.model.otherwise)
    by_habit = moves(partial(along, beside.algorithms["recency"]), told["own"]["recency"], own, order)
    order_of = {**moved.named(), "recency": by_habit.reordered}
    apart = _distances(examinee, beside, places)
    for run, named in enumerate(found):
        named |= {f"distance.{name}": [float(far[run])] for name, far in apart.items()}
        named |= listed(order_of, "order", run)
    return found


def distances_of(examinee: Examinee, beside: Yardsticks, runs: int) -> list[dict[str, Sequence[float]]]:
    """Returns each run's distances by candidate, and `order`."""
    places = _places(examinee, beside, runs)
    apart = _distances(examinee, beside, places)
    own = places["own"]
    moved = moves(examinee.chances, examinee.chances(own), own, generator(1, Purpose.REFERENCES)).reordered
    return [
        {**{name: [float(far[run])] for name, far in apart.items()}, "order": moved[run].tolist()}
        for run in range(runs)
    ]


def _places(examinee: Examinee, beside: Yardsticks, runs: int) -> dict[str, Histories]:
    """Returns lifetimes of the examinee's own, and Bayes-optimal ones."""
    own = examinee.lifetimes(beside.tasks.expand(runs, -1, -1))
    return {"own": own, "bayes": beside.bayes.of_runs(runs)}


def _distances(examinee: Examinee, beside: Yardsticks, places: Mapping[str, Histories]) -> dict[str, Tensor]:
    """Returns distances over both kinds of lifetimes, `[S]` by candidate."""
    mixed = _in_turns(places["own"].followed_by(places["bayes"]))
    return distances(examinee.chances(mixed), mixed, beside.model, along(beside.algorithms["thompson"], mixed))


def _in_turns(histories: Histories) -> Histories:
    """Returns the two halves of the lifetimes interleaved."""
    lifetimes = histories.shape[1]
    order = torch.arange(lifetimes).view(2, -1).T.flatten()
    return Histories(*(part[:, order] for part in histories))


def _belief_of(
    agents: Sequence[TrainedAgents], train_steps: Sequence[int], beside: Yardsticks, runs: int
) -> list[dict[str, Sequence[float]]]:
    """Returns decoder scores of the final memory, slopes of `cause`, and their course."""
    model, posterior = beside.model, beside.model.posterior
    histories = beside.bayes.of_runs(runs)
    at = belief.pulls_looked_at(posterior.decisions)
    counts = model.counts(histories)
    targets = posterior.told(counts)[:, :, at]
    gaps = model.gaps(counts)
    course: dict[str, list[Tensor]] = {"mean": [], "lost": []}
    held = []
    for each in agents:
        shown = each.shown(histories)
        held.append(shown.outputs[:, :, at])
        r2 = belief.by_statistic(belief.linear(belief.rows(held[-1], targets)), posterior.statistics)
        course["mean"].append(r2["mean"])
        course["lost"].append(lost(shown.chances, gaps).mean((1, 2)))
    features = {"trained": held[-1], "untrained": held[0], "inputs": shown.inputs[:, :, at]}
    read = belief.decoded(features, targets, posterior.statistics)
    best = along(beside.best, beside.bayes)[0][:, at]
    means = targets[..., : posterior.parts]
    draws = generator(2, Purpose.REFERENCES)
    follows = cause(agents[-1].agents.of_outputs, held[-1], means, counts[0][:, at], best, draws)
    told = belief.read_off(held[-1], targets, posterior.parts)[:, SHOWN_LIFETIME]
    exact = targets[:, SHOWN_LIFETIME, :, : posterior.parts]
    both = (("told", told), ("exact", exact))
    drawn = {f"{name}.{arm}": part[..., arm] for name, part in both for arm in range(min(MOST_DRAWN, posterior.parts))}
    drawn["pull"] = at.double().expand(len(told), -1)
    curves = {name: torch.stack(points, 1) for name, points in course.items()}
    curves["train_step"] = torch.tensor(list(train_steps), dtype=torch.float64).expand(len(told), -1)
    return [
        {
            **{f"belief.{name}": [float(r2[run])] for name, r2 in read.items()},
            **{f"cause.{name}": [float(slope[run])] for name, slope in follows.items()},
            **listed(curves, "course", run),
            **listed(drawn, "drawn", run),
        }
        for run in range(len(told))
    ]
