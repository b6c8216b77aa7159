"""The two-step task: a choice that leads to what pays only most of the time (Daw et al. 2011; Wang et al. 2016, §3.2).

An episode has two steps. In the first, action 0 or 1 is a ship: it flies to the planet of its number with probability
`common`, else to the other (a *rare* transition); transitions are the same for all tasks. In the second, the planet
pays 1 with its probability, whatever is done there. One planet pays with probability `rewarded`, the other with 1 −
`rewarded`; which one is drawn for each lifetime. Where `reversal` is above 0 they change places before an episode with
that probability, as in Wang et al. (.025); their transitions were .8 and .2. Actions beyond the first two do not exist.

Observation, one-hot: at home, on planet 0, on planet 1.
What it leaks: of the reward nothing. Of a_{t-1} in the first step a part, since a ship mostly reaches its own planet.
And more than that: to know which planet pays one has to know where one was and what was paid, not what one did, so an
agent that sees rewards and remembers planets can do without the action channel.

Reward: 1 or 0 in the second step, 0 in the first. Termination: after the second step, by the task's own rules.
The agent can write on no state. There are two tasks, so evaluation tasks are not held out from a trained agent, and a
study says so. Adaptation axis: the episodes of a lifetime.

Trap: the second action has no effect but is shown as a_{t-1} in the next episode. A policy without memory can note the
planet in it, and so react to planet and reward at once (the reference `reactive` does).

The family's own analysis: how likely the first choice is repeated, by reward and transition (`stay_probability`).

ψ = the probabilities with which the planets pay, `[2]`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.study.families.two_step import TwoStepTasks
from ingredients.tasks.family import Lived, Step
from ingredients.tasks.stay_probability import stay_counts, stay_statistics

HOME = 0  # the observation's column; planet p has 1 + p
AWAY, SWAPPED = 0, 1  # the state's columns: HOME or where the agent is, and whether the planets have changed places


@dataclass(frozen=True)
class TwoStep:
    """`episodes` flights of two steps; see the module for the settings."""

    episodes: int
    common: float = TwoStepTasks.default_of("common")
    rewarded: float = TwoStepTasks.default_of("rewarded")
    reversal: float = TwoStepTasks.default_of("reversal")
    name = "two-step"
    episode_steps = 2
    actions = 2
    ends_early = False
    continuous = False
    observation_size = 3
    observation_bounds = (0.0, 1.0)
    task_size = 2
    noise_size = 1
    written = range(0)
    held_out = False

    @property
    def steps(self) -> int:
        """T = 2 K."""
        return self.episodes * self.episode_steps

    @property
    def start_size(self) -> int:
        """One uniform that decides on a reversal, where there are any."""
        return int(self.reversal > 0)

    @property
    def well_chosen(self) -> float:
        """The reward in expectation of the ship that mostly flies to the planet that pays."""
        return self.common * self.rewarded + (1 - self.common) * (1 - self.rewarded)

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, 2]`: either planet is the paying one, as likely as the other."""
        first_pays = torch.rand(count, generator=generator) < 0.5
        probability = torch.where(first_pays, self.rewarded, 1 - self.rewarded)
        return torch.stack([probability, 1 - probability], dim=-1)

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the state at home, nothing swapped, `[..., 2]`, and what is seen there."""
        state = torch.zeros_like(tasks)
        return state, self._seen(state[..., AWAY])

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the agent back at home; where `start[..., 0]` is below `reversal` the planets change places."""
        swapped = state[..., SWAPPED]
        if self.reversal:
            swapped = torch.where(start[..., 0] < self.reversal, 1 - swapped, swapped)
        home = torch.zeros_like(swapped)
        return torch.stack([home, swapped], dim=-1), self._seen(home)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Flies, or is paid and returns home. `noise[..., 0]` is the luck of the flight, then that of the pay."""
        luck, away, swapped = noise[..., 0], state[..., AWAY], state[..., SWAPPED]
        at_home = away == HOME
        planet = torch.where(luck < self.common, action, 1 - action)
        pays = tasks.gather(-1, (away - 1 - swapped).abs().long().clamp_(max=1).unsqueeze(-1)).squeeze(-1)
        pays = torch.where(at_home, 0.0, pays)
        now = torch.where(at_home, 1.0 + planet, 0.0)
        never = torch.zeros_like(at_home)
        paid = (luck < pays).to(tasks.dtype)
        return Step(torch.stack([now, swapped], dim=-1), self._seen(now), action, paid, pays, ~at_home, never)

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns what the right ship earns in expectation, the same on both tasks, `[...]`."""
        return torch.full_like(tasks[..., 0], self.well_chosen)

    def solve(self, tasks: Tensor) -> Tensor:
        """Returns ψ: nothing needs to be computed."""
        return tasks

    def costs(self, solution: Tensor, state: Tensor, t: int) -> Tensor:
        """Returns what the worse ship earns less than the better one, at home, `[..., 2]`; on a planet nothing."""
        better = (solution.argmax(-1) - state[..., SWAPPED]).abs().unsqueeze(-1)
        worse = better != torch.arange(2, device=state.device)
        return worse * (state[..., AWAY] == HOME).unsqueeze(-1) * (2 * self.well_chosen - 1)

    def tally(self, lived: Lived) -> Tensor:
        """Returns counts of repeated choices by reward and transition, `[S, 16]`."""
        return stay_counts(lived)

    def statistics(self, tally: Tensor) -> dict[str, float]:
        """Returns the stay probabilities and what is made of them (see `stay_probability`)."""
        return stay_statistics(tally, better_is_known=self.reversal == 0)

    def _seen(self, away: Tensor) -> Tensor:
        return (away.unsqueeze(-1) == torch.arange(3, device=away.device)).float()
