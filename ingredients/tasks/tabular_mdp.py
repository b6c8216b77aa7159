"""Random tabular MDPs with unknown rewards and transitions (Osband et al. 2013; Duan et al. 2016, §3.2).

Each state and action has a mean reward ~ N(1, 1), paid with unit normal noise, and flat Dirichlet next-state
probabilities. Episodes start in the first state.

Observation: the current state, one-hot, `[states]`. It leaks part of a_{t-1}, if transitions were learned.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.tasks.family import Step

EDGE = 1e-6  # a uniform draw may be 0, whose normal quantile and logarithm are −∞
TASKS_AT_ONCE = 512  # MDPs that are solved together: their products stay small whatever the evaluation's size


@dataclass(frozen=True)
class TabularMdp:
    """`episodes` of `episode_steps` steps.

    ψ = mean rewards `[S, A]` and next-state probabilities `[S, A, S]`, flattened.
    """

    states: int
    actions: int
    episodes: int
    episode_steps: int
    name = "tabular-mdp"
    ends_early = False
    continuous = False
    observation_bounds = (0.0, 1.0)
    noise_size = 2
    start_size = 0
    written = range(0)
    held_out = True

    @property
    def steps(self) -> int:
        """T = K · L."""
        return self.episodes * self.episode_steps

    @property
    def observation_size(self) -> int:
        """One column for each state."""
        return self.states

    @property
    def pairs(self) -> int:
        """Number of pairs of state and action."""
        return self.states * self.actions

    @property
    def task_size(self) -> int:
        """A mean reward and S probabilities for each pair."""
        return self.pairs * (1 + self.states)

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, task_size]`, flat Dirichlet draws as normalised −log u."""
        uniform = torch.rand(count, self.task_size, generator=generator).clamp_(EDGE, 1 - EDGE)
        rewards = 1 + torch.special.ndtri(uniform[:, : self.pairs])
        exponential = -uniform[:, self.pairs :].log().view(count, self.pairs, self.states)
        transitions = exponential / exponential.sum(-1, keepdim=True)
        return torch.cat([rewards, transitions.flatten(1)], dim=1)

    def rewards(self, tasks: Tensor) -> Tensor:
        """Returns mean rewards `[..., S, A]`."""
        return tasks[..., : self.pairs].reshape(*tasks.shape[:-1], self.states, self.actions)

    def transitions(self, tasks: Tensor) -> Tensor:
        """Returns next-state probabilities `[..., S, A, S]`."""
        return tasks[..., self.pairs :].reshape(*tasks.shape[:-1], self.states, self.actions, self.states)

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns state 0, `[..., 1]`, and its observation `[..., S]`."""
        state = torch.zeros_like(tasks[..., :1])
        return state, self._seen(state.long())

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the same as `first`."""
        return self.first(tasks, start)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pays and moves; `noise[..., 0]` draws the reward, `noise[..., 1]` the next state."""
        pair = state.long() * self.actions + action.unsqueeze(-1)
        mean = tasks.gather(-1, pair).squeeze(-1)
        reward = mean + torch.special.ndtri(noise[..., 0].clamp(EDGE, 1 - EDGE))
        row = self.pairs + pair * self.states + torch.arange(self.states, device=tasks.device)
        reached = tasks.gather(-1, row).cumsum(-1)[..., :-1]
        after = (reached <= noise[..., 1:]).sum(-1, keepdim=True)
        never = torch.zeros_like(action, dtype=torch.bool)
        return Step(after.to(tasks.dtype), self._seen(after), action, reward, mean, never, never)

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns the first state's value `[...]`, by value iteration."""
        if tasks.dim() == 1:
            return self._first_value(tasks)
        return torch.cat([self._first_value(part) for part in torch.split(tasks, TASKS_AT_ONCE, dim=-2)], dim=-1)

    def _first_value(self, tasks: Tensor) -> Tensor:
        return self._plan(tasks)[..., 0, 0, :].amax(-1)

    def _plan(self, tasks: Tensor) -> Tensor:
        return action_values(self.rewards(tasks), self.transitions(tasks), self.episode_steps)

    def solve(self, tasks: Tensor) -> Tensor:
        """Returns an episode's V* − Q* by step, flattened from `[..., L, S, A]`."""
        flat = tasks.reshape(-1, self.task_size)
        plans = [self._plan(part) for part in torch.split(flat, TASKS_AT_ONCE)]
        plan = torch.cat(plans).view(*tasks.shape[:-1], self.episode_steps, self.states, self.actions)
        return (plan.amax(-1, keepdim=True) - plan).flatten(-3)

    def costs(self, solution: Tensor, state: Tensor, t: int) -> Tensor:
        """Returns V*(s) − Q*(s, a), `[..., A]`, over the episode's remaining steps."""
        row = t % self.episode_steps * self.pairs + state.long() * self.actions
        return solution.gather(-1, row + torch.arange(self.actions, device=solution.device))

    def _seen(self, state: Tensor) -> Tensor:
        """Returns one-hot states `[..., S]` (float) of `[..., 1]` (int64)."""
        return (state == torch.arange(self.states, device=state.device)).float()


def action_values(rewards: Tensor, transitions: Tensor, steps: int) -> Tensor:
    """Returns Q of each of an episode's L steps, `[..., L, S, A]`, by exact finite-horizon value iteration.

    Q_t(s, a) = r(s, a) + Σ_s' P(s' | s, a) max_a' Q_{t+1}(s', a'), Q_L = 0. Mean rewards are `[..., S, A]`, or by step
    `[..., L, S, A]`; transitions `[..., S, A, S]`.
    """
    by_step = rewards.dim() == transitions.dim()
    later = torch.zeros_like(transitions[..., 0, 0, :])
    plan = []
    for t in reversed(range(steps)):
        values = (transitions * later[..., None, None, :]).sum(-1)
        values = values + (rewards[..., t, :, :] if by_step else rewards)
        later = values.amax(-1)
        plan.append(values)
    return torch.stack(plan[::-1], dim=-3)
