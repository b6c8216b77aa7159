"""Who is asked: a stack of trained agents, or a known algorithm in its place; both go through the same measures.

An examinee lives lifetimes of its own, and says before each pull of any lifetime what it would do. An agent is asked by
showing it that lifetime step by step, as it would have been shown its own: masked as its cell is, its memory carried or
reset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from ingredients.agent.network import views
from ingredients.agent.observation import Past, assemble
from ingredients.inner.algorithms import Algorithm, along, lived
from ingredients.inner.histories import Histories
from ingredients.seeds import Purpose, generator
from ingredients.training.draws import at_step, evaluating, lifetime_draws, to_device
from ingredients.training.interaction import Draws, Play, advance, begin
from ingredients.training.trainer import Setup


class Examinee(Protocol):
    """S runs that are asked side by side."""

    def lifetimes(self, tasks: Tensor) -> Histories:
        """Returns lifetimes of its own on `tasks` `[S, N, A]`."""
        ...

    def chances(self, histories: Histories) -> Tensor:
        """Returns the chance of each arm before each pull of any lifetimes, `[S, N, T, A]` (float64)."""
        ...


@dataclass(frozen=True)
class KnownAlgorithm:
    """A known algorithm as S runs, which differ by their luck, or by their noise.

    Attributes:
        algorithm: the algorithm.
        pulls: of a lifetime.
        seed: of its luck.
        lapses: how often it pulls any arm instead, as a trained policy is never quite what it computes.
    """

    algorithm: Algorithm
    pulls: int
    seed: int
    lapses: float = 0.0

    def lifetimes(self, tasks: Tensor) -> Histories:
        """Returns lifetimes of its own; a lapse is an arm pulled at random."""
        draws = generator(self.seed, Purpose.REFERENCES)
        return lived(self.algorithm, tasks, self.pulls, self.lapses, draws)

    def chances(self, histories: Histories) -> Tensor:
        """Returns its chances, lapses included."""
        chances = along(self.algorithm, histories)
        return (1 - self.lapses) * chances + self.lapses / chances.shape[-1]


class Responses(NamedTuple):
    """What agents make of lifetimes that they are shown.

    Attributes:
        chances: of each arm before each pull, `[S, N, T, A]` (float64).
        outputs: what the memory hands to the head then, `[S, N, T, H]`.
        inputs: what they saw, `[S, N, T, F]`.
    """

    chances: Tensor
    outputs: Tensor
    inputs: Tensor


@dataclass(frozen=True)
class Agents:
    """The agents of a stack, with the weights `[S, P]` of one evaluation point."""

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
    def lifetimes(self, tasks: Tensor) -> Histories:
        """Returns lifetimes of their own: sampled actions, the luck of an evaluation."""
        setup = self.setup
        draws = self._draws(tasks.shape[1])
        play = Play(setup.agent, setup.family, self._weights, tasks.to(setup.device), setup.stands_still)
        now = begin(play, draws.start[0])
        actions = []
        rewards = []
        for t in range(setup.family.steps):
            now, step = advance(play, now, at_step(draws, t))
            actions.append(step.step.action.cpu())
            rewards.append(step.step.reward.cpu())
        return Histories(torch.stack(actions, 2), torch.stack(rewards, 2))

    def chances(self, histories: Histories) -> Tensor:
        """Returns what they would do before each pull of lifetimes that they are shown."""
        return self.shown(histories).chances

    @torch.no_grad()
    def shown(self, histories: Histories) -> Responses:
        """Returns what they make of lifetimes, which may be shorter than theirs."""
        agent, device = self.setup.agent, self.setup.device
        runs, lifetimes, pulls = histories.shape
        draws = self._draws(lifetimes)
        weights = self._weights
        seen = partial(_past, histories)
        memory = agent.memory.initial_state(runs, lifetimes, self.setup.family.steps, self.policy)
        outputs, inputs = [], []
        for t in range(pulls):
            at = at_step(draws, t)
            past = Past(*(part.to(device) for part in seen(t)))
            inputs.append(assemble(agent.layout, past, at.reward_shown, at.action_shown))
            output, memory = agent.step(weights, memory, at.carry, inputs[-1])
            outputs.append(output.clone())  # a step may write into its state, which some memories put out
        made = torch.stack(outputs, 2)
        chances = agent.logits(weights, made).double().softmax(-1)
        return Responses(chances.cpu(), made.cpu(), torch.stack(inputs, 2).cpu())


def _past(histories: Histories, t: int) -> tuple[Tensor, ...]:
    """Returns the parts of `Past` before pull t: a bandit shows a 0, and every pull is an episode."""
    first = histories.rewards[..., :1] * 0
    one = first + 1
    before = slice(t - 1, t)
    reward = histories.rewards[..., before] if t else first
    action = histories.actions[..., before] if t else first.long()
    return first, one if t == 0 else first, one, reward, action
