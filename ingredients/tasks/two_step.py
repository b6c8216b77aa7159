"""The two-step task: a choice that mostly leads to its own planet (Daw et al. 2011; Wang et al. 2016, §3.2).

First, action 0 or 1 is a ship, which flies to the planet of its number with probability `common`, else to the other (a
*rare* transition). Then the planet pays 1 with probability `rewarded` or 1 − `rewarded`, whatever the action. Before an
episode planets swap with probability `reversal`.

Observation, one-hot: at home, on planet 0, on planet 1. It leaks part of a_{t-1} in the first step. A memoryless agent
can record the planet in its second action.
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
    """`episodes` flights of two steps; ψ = the planets' probabilities, `[2]`."""

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
        """One uniform for a reversal, if there are any."""
        return int(self.reversal > 0)

    @property
    def well_chosen(self) -> float:
        """Expected reward of the better planet's ship."""
        return self.common * self.rewarded + (1 - self.common) * (1 - self.rewarded)

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, 2]`; either planet is better with equal odds."""
        first_pays = torch.rand(count, generator=generator) < 0.5
        probability = torch.where(first_pays, self.rewarded, 1 - self.rewarded)
        return torch.stack([probability, 1 - probability], dim=-1)

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the state at home, not swapped, `[..., 2]`, and observation."""
        state = torch.zeros_like(tasks)
        return state, self._seen(state[..., AWAY])

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the agent at home; planets swap where `start[..., 0]` < `reversal`."""
        swapped = state[..., SWAPPED]
        if self.reversal:
            swapped = torch.where(start[..., 0] < self.reversal, 1 - swapped, swapped)
        home = torch.zeros_like(swapped)
        return torch.stack([home, swapped], dim=-1), self._seen(home)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Flies, or is paid and returns; `noise[..., 0]` decides the planet, then the reward."""
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
        """Returns the better ship's expected reward, `[...]`."""
        return torch.full_like(tasks[..., 0], self.well_chosen)

    def solve(self, tasks: Tensor) -> Tensor:
        """Returns ψ, which is all that `costs` needs."""
        return tasks

    def costs(self, solution: Tensor, state: Tensor, t: int) -> Tensor:
        """Returns V*(s) − Q*(s, a), `[..., 2]`: the worse ship's loss at home, else 0."""
        better = (solution.argmax(-1) - state[..., SWAPPED]).abs().unsqueeze(-1)
        worse = better != torch.arange(2, device=state.device)
        return worse * (state[..., AWAY] == HOME).unsqueeze(-1) * (2 * self.well_chosen - 1)

    def tally(self, lived: Lived) -> Tensor:
        """Returns counts of repeated choices, `[S, 16]` (`stay_probability`)."""
        return stay_counts(lived)

    def statistics(self, tally: Tensor) -> dict[str, float]:
        """Returns the stay probabilities and their statistics (`stay_probability`)."""
        return stay_statistics(tally, better_is_known=self.reversal == 0)

    def _seen(self, away: Tensor) -> Tensor:
        return (away.unsqueeze(-1) == torch.arange(3, device=away.device)).float()
