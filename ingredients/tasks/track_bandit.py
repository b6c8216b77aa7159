"""Two arms beside a track: every pull also moves the agent, which sees its position.

The position outlasts pulls, so the environment can be the memory (claim 3). The memoryless automaton of Tsetlin (1961)
*learns*.

Action: 3 · arm + step (0 left, 1 stay, 2 right; the track's ends stop it). The action channel shows 3 · arm + 1, lest a
visible step be a second memory.

Observation: the position from 0 to 1, or always 0 with `position_shown: off`. It leaks nothing under random play.
Reward: 1 with the pulled arm's probability.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.study.families.track_bandit import TrackBanditTasks
from ingredients.tasks.bandit import Bandit, of_arm, pull
from ingredients.tasks.family import Step

ARMS, STEPS = 2, 3
LEFT, STAY, RIGHT = range(STEPS)


@dataclass(frozen=True)
class TrackBandit(Bandit):
    """`episodes` pulls of two arms, an even number of `squares`; ψ = the arms' probabilities, `[2]`."""

    episodes: int
    squares: int
    position_shown: bool = TrackBanditTasks.default_of("position_shown")
    name = "track-bandit"
    arms = ARMS
    actions = ARMS * STEPS

    @property
    def written(self) -> range:
        """The position's column, if it is shown."""
        return range(int(self.position_shown))

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, 2]` probabilities, uniform and independent."""
        return torch.rand(count, ARMS, generator=generator)

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the state `[..., 1]`, right of the middle, and its observation."""
        state = tasks.new_full((*tasks.shape[:-1], 1), self.squares // 2)
        return state, self.shown(tasks, state)

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the unchanged state."""
        return state, self.shown(tasks, state)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pulls an arm and moves; `noise[..., 0]` decides the reward."""
        chance = of_arm(tasks, action // STEPS)
        moved = (state[..., 0] + (action % STEPS - STAY)).clamp(0, self.squares - 1).unsqueeze(-1)
        paid = (noise[..., 0] < chance).to(tasks.dtype)
        pulled = action - action % STEPS + STAY
        return pull(moved, pulled, paid, chance, self.shown(tasks, moved))

    def shown(self, tasks: Tensor, state: Tensor) -> Tensor:
        """Returns a square's observation, `[..., 1]`."""
        return state / (self.squares - 1) if self.position_shown else torch.zeros_like(state)
