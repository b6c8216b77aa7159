"""Policies for tabular MDPs; the next state of an episode's last step, which is never shown, does not count."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.references.mdp_posterior import Left, Model, Planner, Posterior, values_now
from ingredients.references.policy import Answer, ReferenceInput
from ingredients.tasks.tabular_mdp import TabularMdp


@dataclass(frozen=True)
class Counts:
    """Statistics of a lifetime `[N, M]`: sums of rewards, visits, next-state counts.

    `prior_mean`: expected reward of untried actions.
    """

    family: TabularMdp
    prior_mean: float = 1.0

    @property
    def size(self) -> int:
        """Length M of the memory."""
        return sum(self._widths)

    def posterior(self, counts: Tensor) -> Posterior:
        """Returns the posterior."""
        rewards, visits, nexts = torch.split(counts, self._widths, dim=1)
        by_pair = (-1, self.family.states, self.family.actions)
        mean = (self.prior_mean + rewards) / (1 + visits)
        return Posterior(mean.view(by_pair), visits.view(by_pair), (1 + nexts).view(*by_pair, self.family.states))

    def add(self, counts: Tensor, answer: Answer) -> None:
        """Adds a step to `counts`, in place."""
        pairs = self.family.pairs
        lanes = torch.arange(len(counts))
        pair = answer.observation.argmax(-1) * self.family.actions + answer.action
        counts[lanes, pair] += answer.reward
        counts[lanes, pairs + pair] += 1
        if (answer.step + 1) % self.family.episode_steps:
            counts[lanes, 2 * pairs + pair * self.family.states + answer.led_to.argmax(-1)] += 1

    @property
    def _widths(self) -> list[int]:
        pairs = self.family.pairs
        return [pairs, pairs, pairs * self.family.states]


@dataclass(frozen=True)
class Planning:
    """Plans at every step over the rest of the episode; `epsilon` is the share of random actions."""

    counts: Counts
    planner: Planner
    epsilon: float = 0.0

    def initial(self, lanes: int) -> Tensor:
        """Returns zero counts, `[N, M]`."""
        return torch.zeros(lanes, self.counts.size)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """See `ReferencePolicy.act`."""
        left = what_is_left(self.counts.family, moment.step)
        values = self.planner(self.counts.posterior(memory), left, moment.generator)
        return _best(_of_state(values, moment.observation), moment.generator, self.epsilon)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """See `ReferencePolicy.update`."""
        after = memory.clone()
        self.counts.add(after, answer)
        return after


@dataclass(frozen=True)
class Sampling:
    """Draws an MDP from the posterior and acts optimally in it.

    It draws once an episode or, unlike published PSRL, at each step (`by_step`).
    """

    counts: Counts
    model: Model
    by_step: bool = False

    def initial(self, lanes: int) -> Tensor:
        """Returns zero counts and no MDP, `[N, M + S A (1 + S)]`."""
        return torch.zeros(lanes, self.counts.size + self.counts.family.task_size)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns the best action in the drawn MDP, `[N]`; the first one is random."""
        family, drawn = self.counts.family, memory[:, self.counts.size :]
        left = what_is_left(family, moment.step)
        values = values_now(family.rewards(drawn), family.transitions(drawn), left.steps)
        return _best(_of_state(values, moment.observation), moment.generator)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns the memory after a step, with a new draw before each episode, or after the first one's first step."""
        after = memory.clone()
        self.counts.add(after, answer)
        if answer.step == 0 and not self.by_step:
            after[:, self.counts.size :] = self._draw(memory, answer)
        elif self.by_step or (answer.step + 1) % self.counts.family.episode_steps == 0:
            after[:, self.counts.size :] = self._draw(after, answer)
        return after

    def _draw(self, memory: Tensor, answer: Answer) -> Tensor:
        known = self.counts.posterior(memory[:, : self.counts.size])
        rewards, transitions = self.model(known, answer.generator)
        return torch.cat([rewards.flatten(1), transitions.flatten(1)], dim=1)


@dataclass(frozen=True)
class RepeatingWhatPaid:
    """Repeats the last action, whatever the state, if it paid more than the prior's mean of 1, else takes any other."""

    actions: int

    def initial(self, lanes: int) -> Tensor:
        """Returns no memory, `[N, 0]`."""
        return torch.zeros(lanes, 0)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """See `ReferencePolicy.act`."""
        further = 1 + torch.rand(len(memory), generator=moment.generator).mul(self.actions - 1).long()
        other = (moment.action_tm1 + further.clamp(max=self.actions - 1)) % self.actions
        return torch.where(moment.reward_tm1 > 1, moment.action_tm1, other)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns no memory."""
        return memory


def what_is_left(family: TabularMdp, step: int) -> Left:
    """Returns what is left of a lifetime before step `step`."""
    later = family.episodes - 1 - step // family.episode_steps
    share = later / (family.episodes - 1) if family.episodes > 1 else 0.0
    return Left(family.episode_steps - step % family.episode_steps, share)


def _of_state(by_state: Tensor, observation: Tensor) -> Tensor:
    """Returns the current state's row, `[N, A]`, of `[N, S, A]`; states are one-hot, `[N, S]`."""
    return by_state[torch.arange(len(by_state)), observation.argmax(-1)]


def _best(values: Tensor, draws: torch.Generator, epsilon: float = 0.0) -> Tensor:
    """Returns a best action, `[N]`, of values `[N, A]`, or with probability `epsilon` any."""
    lots = torch.rand(2, *values.shape, generator=draws)
    best = torch.where(values == values.amax(-1, keepdim=True), lots[0], -1.0).argmax(-1)
    strays = torch.rand(len(best), generator=draws) < epsilon
    return torch.where(strays, lots[1].argmax(-1), best)
