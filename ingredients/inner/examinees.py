"""One interface for trained agents and known algorithms: they play lifetimes, and give probabilities in any."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from ingredients.agent.memory import State
from ingredients.agent.network import views
from ingredients.agent.observation import Past, assemble
from ingredients.inner.algorithms import Algorithm, along, lived
from ingredients.inner.histories import Histories
from ingredients.inner.models.model import BeliefModel, Course
from ingredients.seeds import Purpose, generator
from ingredients.training.draws import at_step, evaluating, lifetime_draws, to_device
from ingredients.training.interaction import Draws, Lanes, Play, Transition, advance, begin
from ingredients.training.trainer import Setup

Seen = Callable[[int], tuple[Tensor, ...]]
"""Maps a step to the parts of `Past` that agents are shown before it."""


class Examinee(Protocol):
    """S runs asked side by side."""

    def lifetimes(self, tasks: Tensor) -> Histories:
        """Returns lifetimes of its own on `tasks` `[S, N, ...]`."""
        ...

    def chances(self, histories: Histories) -> Tensor:
        """Returns action probabilities at each decision, `[S, N, T, A]` (float64)."""
        ...


@dataclass(frozen=True)
class KnownAlgorithm:
    """S runs of a known algorithm; `lapses` is the probability of a random action instead."""

    algorithm: Algorithm
    model: BeliefModel
    seed: int
    lapses: float = 0.0

    def lifetimes(self, tasks: Tensor) -> Histories:
        """See `Examinee.lifetimes`."""
        draws = generator(self.seed, Purpose.REFERENCES)
        return lived(self.algorithm, self.model, tasks, self.lapses, draws)

    def chances(self, histories: Histories) -> Tensor:
        """Returns its probabilities, lapses included."""
        chances = along(self.algorithm, histories)
        return (1 - self.lapses) * chances + self.lapses / chances.shape[-1]


class Responses(NamedTuple):
    """What agents do and hold in lifetimes that they are shown.

    Attributes:
        chances: of actions, `[S, N, T, A]` (float64).
        outputs: the memory's, `[S, N, T, H]`.
        inputs: `[S, N, T, F]`.
    """

    chances: Tensor
    outputs: Tensor
    inputs: Tensor


@dataclass(frozen=True)
class Agents:
    """A stack's agents, with one evaluation point's weights `[S, P]`."""

    setup: Setup
    policy: Tensor

    @property
    def _weights(self) -> Mapping[str, Tensor]:
        return views(self.policy, self.setup.agent.shapes())

    def _draws(self, lifetimes: int) -> Draws:
        luck = evaluating(self.setup.stream)
        drawn = lifetime_draws(self.setup.runs, self.setup.family, luck, 0, lifetimes)
        return to_device(drawn, self.setup.device)

    @torch.no_grad()
    def lived(self, tasks: Tensor) -> Iterator[tuple[Lanes, Transition]]:
        """Yields states and steps of their own lifetimes."""
        setup = self.setup
        draws = self._draws(tasks.shape[1])
        play = Play(setup.agent, setup.family, self._weights, tasks.to(setup.device), setup.stands_still)
        now = begin(play, draws.start[0])
        for t in range(setup.family.steps):
            before = now
            now, step = advance(play, now, at_step(draws, t))
            yield before, step

    @torch.no_grad()
    def following(self, seen: Seen, shape: tuple[int, int, int], held: Tensor | None = None) -> Responses:
        """Returns their responses to given inputs.

        Args:
            seen: `Past` before each step, `[S, N, ...]`.
            shape: S, N and number of steps.
            held: step `[N]` after which the memory's state is frozen.
        """
        agent, device = self.setup.agent, self.setup.device
        runs, lifetimes, steps = shape
        draws = self._draws(lifetimes)
        weights = self._weights
        memory = agent.memory.initial_state(runs, lifetimes, self.setup.family.steps, self.policy)
        chances, outputs, inputs = [], [], []
        for t in range(steps):
            at = at_step(draws, min(t, self.setup.family.steps - 1))
            past = Past(*(part.to(device) for part in seen(t)))
            inputs.append(assemble(agent.layout, past, at.reward_shown, at.action_shown))
            before = None if held is None else tuple(part.clone() for part in memory)
            output, memory = agent.step(weights, memory, at.carry, inputs[-1])
            outputs.append(output.clone())  # a step may write into its state, which some memories output
            # by step, since a product's rounding depends on a row's place: equal outputs have equal chances
            chances.append(self.of_outputs(output))
            if held is not None and before is not None:
                memory = _frozen(before, memory, (t > held).to(device))
        return Responses(torch.stack(chances, 2), torch.stack(outputs, 2).cpu(), torch.stack(inputs, 2).cpu())

    def of_outputs(self, outputs: Tensor) -> Tensor:
        """Returns probabilities `[S, ..., A]` (float64) for the memory's outputs `[S, ..., H]`."""
        logits = self.setup.agent.logits(self._weights, outputs.to(self.setup.device))
        return logits.double().softmax(-1).cpu()


@dataclass(frozen=True)
class TrainedAgents:
    """Agents as an examinee, by episode and at decisions only."""

    agents: Agents
    course: Course

    def lifetimes(self, tasks: Tensor) -> Histories:
        """See `Examinee.lifetimes`."""
        steps = [
            (step.step.action.cpu(), step.step.reward.cpu(), before.past.observation.cpu())
            for before, step in self.agents.lived(tasks)
        ]
        return self.course.recorded(*(torch.stack(part, 2) for part in zip(*steps, strict=True)))

    def chances(self, histories: Histories) -> Tensor:
        """See `Examinee.chances`."""
        return self.shown(histories).chances

    def shown(self, histories: Histories) -> Responses:
        """Returns their responses at decisions of lifetimes, also shorter ones."""
        runs, lifetimes, episodes = histories.shape
        steps = self.course.steps
        seen = partial(self.course.shown, histories)
        made = self.agents.following(seen, (runs, lifetimes, episodes * steps))
        return made if steps == 1 else Responses(*(part[:, :, ::steps] for part in made))


def _frozen(before: State, after: State, stays: Tensor) -> State:
    """Returns the new state, but the old one where lanes stay `[N]`."""
    return tuple(
        torch.where(stays.view(1, -1, *([1] * (new.dim() - 2))), old, new)
        for old, new in zip(before, after, strict=True)
    )
