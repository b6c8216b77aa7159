"""Interval reproduction: a light is on for d steps; later, press d steps after a cue (after Deverett et al. 2019).

A test of working memory. A lifetime is *one* trial; its K episodes are phases of L steps, without resets. The light is
on in steps 0 to d − 1 < L. Then it is dark, and actions have no effect. In the last phase the cue is on; a press p
steps after its start pays 1 − abs(p − d) / `tolerance`, at least 0, and ends the trial.

Observation: light and cue, 0 or 1; the position on a track, from 0 to 1, which leaks a_{t-1}. It can be the memory
(claim 3), unless `position_shown: off` or `can_move: off`; so can the action channel.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.study.families.interval_reproduction import IntervalReproductionTasks
from ingredients.tasks.constants import constant
from ingredients.tasks.family import Step

MOVES = (-1, 1, 0)
LEFT, RIGHT, PRESS = range(3)
POSITION, CLOCK = range(2)  # columns of the state: square, steps that are over
LIGHT, GO, PLACE = range(3)  # columns of the observation


@dataclass(frozen=True)
class IntervalReproduction:
    """One trial of `episodes` phases of `episode_steps` steps; ψ = d / longest, uniform, `[1]`."""

    episodes: int
    episode_steps: int
    shortest: int
    longest: int
    tolerance: float
    position_shown: bool = IntervalReproductionTasks.default_of("position_shown")
    can_move: bool = IntervalReproductionTasks.default_of("can_move")
    name = "interval-reproduction"
    ends_early = True
    actions = len(MOVES)
    continuous = False
    observation_size = 3
    observation_bounds = (0.0, 1.0)
    task_size = 1
    noise_size = 0
    start_size = 0
    held_out = False

    @property
    def steps(self) -> int:
        """T = K · L."""
        return self.episodes * self.episode_steps

    @property
    def go(self) -> int:
        """First step of the last phase, with the cue."""
        return (self.episodes - 1) * self.episode_steps

    @property
    def written(self) -> range:
        """The position's column, if the agent can write and read it."""
        return range(POSITION, POSITION + int(self.can_move and self.position_shown))

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, 1]` intervals as shares of the longest."""
        kinds = self.longest - self.shortest + 1
        drawn = (torch.rand(count, 1, generator=generator) * kinds).floor().clamp_(max=kinds - 1)
        return (drawn + self.shortest) / self.longest

    def interval(self, tasks: Tensor) -> Tensor:
        """Returns d in steps, `[...]`."""
        return (tasks[..., 0] * self.longest).round()

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns states `[..., 2]` (position 0, clock 0) and observations."""
        state = torch.zeros(*tasks.shape[:-1], 2, dtype=tasks.dtype, device=tasks.device)
        return state, self.shown(tasks, state)

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the state, after a press at the phase's start."""
        phase = (state[..., CLOCK] / self.episode_steps).ceil()
        state = torch.stack([state[..., POSITION], phase * self.episode_steps], dim=-1)
        return state, self.shown(tasks, state)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Moves in light or cue, or presses, which ends the trial."""
        position, clock = state.unbind(-1)
        interval = self.interval(tasks)
        cue = clock >= self.go
        if self.can_move:
            moves = constant(MOVES, state)
            position = (position + moves[action] * ((clock < interval) | cue)).clamp_(0, self.longest)
        presses = (action == PRESS) & cue & (clock < self.steps)
        reward = self.worth(interval, clock - self.go) * presses
        state = torch.stack([position, clock + 1], dim=-1)
        return Step(state, self.shown(tasks, state), action, reward, reward, presses, torch.zeros_like(presses))

    def worth(self, interval: Tensor, pressed: Tensor) -> Tensor:
        """Returns the reward `[...]` of a press `pressed` steps after the cue."""
        return (1 - (pressed - interval).abs() / self.tolerance).clamp_(min=0)

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns None: phases pay different amounts."""
        return None

    def shown(self, tasks: Tensor, state: Tensor) -> Tensor:
        """Returns the observation of a state, `[..., 3]`."""
        position, clock = state[..., POSITION], state[..., CLOCK]
        light = (clock < self.interval(tasks)).to(state.dtype)
        place = position / self.longest if self.position_shown else torch.zeros_like(position)
        return torch.stack([light, (clock >= self.go).to(state.dtype), place], dim=-1)
