"""Policies for tabular MDPs: one that plans anew at each episode's start, and one that remembers only the last step.

Comes in: a family and a planner. Goes out: policies whose memory is one tensor: sums of rewards, visits, counts of next
states, and the plan of the present episode, side by side, `[N, M]`.

They know what the agents can know: where an episode's last step led is never shown, so it is not counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.references.mdp_posterior import Planner, Posterior
from ingredients.references.policy import Answer, Moment
from ingredients.tasks.tabular_mdp import TabularMdp


@dataclass(frozen=True)
class Planning:
    """Follows the plan of `planner`; ties are broken at random, and a share `epsilon` of actions is random.

    `prior_mean` is the mean reward that an untried action is expected to pay.
    """

    family: TabularMdp
    planner: Planner
    epsilon: float = 0.0
    prior_mean: float = 1.0

    def initial(self, lanes: int) -> Tensor:
        """Returns nothing seen and a plan to which all actions are alike, `[N, M]`."""
        return torch.zeros(lanes, sum(self._widths()))

    def act(self, memory: Tensor, moment: Moment) -> Tensor:
        """Returns the best action by plan in each lane's state, `[N]`."""
        plan = memory[:, -self._widths()[-1] :].view(-1, self.family.episode_steps, *self._pairs())
        value = _of_state(plan[:, moment.step % self.family.episode_steps], moment.observation)
        lots = torch.rand(2, *value.shape, generator=moment.generator)
        best = torch.where(value == value.amax(-1, keepdim=True), lots[0], -1.0).argmax(-1)
        strays = torch.rand(len(best), generator=moment.generator) < self.epsilon
        return torch.where(strays, lots[1].argmax(-1), best)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns the memory with one more step in it and, before an episode starts, with a new plan.

        The first episode's plan is made after its first step, of what was known before it: to who knows nothing all
        actions are alike, so nothing but the plan's other steps depend on it.
        """
        ends = (answer.step + 1) % self.family.episode_steps == 0
        after = self._with_step(memory, answer, ends)
        if ends or answer.step == 0:
            after[:, -self._widths()[-1] :] = self._plan(after if ends else memory, answer.generator)
        return after

    def posterior(self, memory: Tensor) -> Posterior:
        """Returns what the memory amounts to."""
        rewards, visits, counts, _ = torch.split(memory, self._widths(), dim=1)
        by_pair = self._pairs()
        mean = ((self.prior_mean + rewards) / (1 + visits)).view(-1, *by_pair)
        nexts = (1 + counts).view(-1, *by_pair, self.family.states)
        return Posterior(mean, visits.view(-1, *by_pair), nexts, self.family.episode_steps)

    def _plan(self, memory: Tensor, draws: torch.Generator) -> Tensor:
        return self.planner(self.posterior(memory), draws).flatten(1)

    def _with_step(self, memory: Tensor, answer: Answer, ends: bool) -> Tensor:
        pairs, lanes = self.family.pairs, torch.arange(len(memory))
        pair = answer.observation.argmax(-1) * self.family.actions + answer.action
        after = memory.clone()
        after[lanes, pair] += answer.reward
        after[lanes, pairs + pair] += 1
        if not ends:
            after[lanes, 2 * pairs + pair * self.family.states + answer.led_to.argmax(-1)] += 1
        return after

    def _pairs(self) -> tuple[int, int]:
        return self.family.states, self.family.actions

    def _widths(self) -> list[int]:
        """Returns how wide each part of the memory is: rewards, visits, next states, the plan."""
        pairs = self.family.pairs
        return [pairs, pairs, pairs * self.family.states, pairs * self.family.episode_steps]


@dataclass(frozen=True)
class RepeatingWhatPaid:
    """Repeats the last action where it was paid more than the prior's mean of 1, else does any other; no memory.

    One time in S the last step was made in the present state, and then r_{t-1} speaks of the action at hand; an agent
    without memory cannot tell when.
    """

    actions: int

    def initial(self, lanes: int) -> Tensor:
        """Returns nothing, `[N, 0]`."""
        return torch.zeros(lanes, 0)

    def act(self, memory: Tensor, moment: Moment) -> Tensor:
        """Returns the last action, or another, `[N]`."""
        further = 1 + torch.rand(len(memory), generator=moment.generator).mul(self.actions - 1).long()
        other = (moment.action_tm1 + further.clamp(max=self.actions - 1)) % self.actions
        return torch.where(moment.reward_tm1 > 1, moment.action_tm1, other)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns nothing."""
        return memory


def _of_state(by_state: Tensor, observation: Tensor) -> Tensor:
    """Returns the row of the present state, `[N, A]`, from `[N, S, A]` and one-hot states `[N, S]`."""
    return by_state[torch.arange(len(by_state)), observation.argmax(-1)]
