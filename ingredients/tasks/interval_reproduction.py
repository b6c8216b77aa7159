"""Interval reproduction: a light is on for d steps; later, press d steps after a cue (after Deverett et al. 2019).

A test of working memory, not of learning: the environment can be the memory (claim 3), and a lifetime pays once. The
agent stands on a track; where it stands is a state that it writes, that outlasts everything, and that it sees. A
lifetime is *one* trial: its K episodes are the phases of the trial, L steps each, and nothing is reset between them.
The adaptation axis is therefore the phase.

| steps | what happens |
|---|---|
| 0 to d − 1 | the light is on; d < L, so it is off before the lifetime is half over |
| to (K − 1) · L − 1 | darkness: nothing can be done |
| the last phase | the cue is on; to press p steps after it came pays 1 − abs(p − d) / `tolerance`, at least 0 |

So all that can be earned is in the last phase, and a swap half-way exchanges just what an agent knows of d.
Task: ψ = d, uniform on `shortest` to `longest`. There are only a few, so none can be held out.

Observation:

| columns | shown | what it leaks |
|---|---|---|
| light, 0 or 1; cue, 0 or 1 | always | |
| position, from 0 to 1 | `position_shown` | a_{t-1}: a step to the left or right shows; and it is a *clock* |

How a memoryless agent does it: walk right while the light is on, which puts it on square d; walk left while the cue is
on; press at 0. In the dark nobody can move: random steps would blur what was written, and training hardly found the
walk while they could. `position_shown: off` takes that clock away; so does `can_move: off`.
Nothing else tells the time. The start of a phase, an input of every cell, does so in steps of L and is the same for
every d. The reward is over when it is paid. Mind the action channel: a_{t-1} is a note of one letter out of three that
an agent without memory can leave to itself (go through the actions while the light is on, then repeat the last one).

Actions: left, right, press; to press before the cue is to do nothing. Termination: the press ends the trial; the other
phases are over by their time limit. The agent can write on its state: `written` is the position, where it can move and
sees where it is.
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
    """One trial of `episodes` phases of `episode_steps` steps; ψ = d / longest, `[1]`."""

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
        """The step with which the cue comes: the first of the last phase."""
        return (self.episodes - 1) * self.episode_steps

    @property
    def written(self) -> range:
        """The position's column, where the agent can both write and read it."""
        return range(POSITION, POSITION + int(self.can_move and self.position_shown))

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, 1]` intervals, uniform, as shares of the longest."""
        kinds = self.longest - self.shortest + 1
        drawn = (torch.rand(count, 1, generator=generator) * kinds).floor().clamp_(max=kinds - 1)
        return (drawn + self.shortest) / self.longest

    def interval(self, tasks: Tensor) -> Tensor:
        """Returns d in steps, `[...]`."""
        return (tasks[..., 0] * self.longest).round()

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the state `[..., 2]` (position 0, clock 0) and what is seen: the light."""
        state = torch.zeros(*tasks.shape[:-1], 2, dtype=tasks.dtype, device=tasks.device)
        return state, self.shown(tasks, state)

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the state as it is: a phase goes on where the last one ended. After a press the clock is set."""
        phase = (state[..., CLOCK] / self.episode_steps).ceil()
        state = torch.stack([state[..., POSITION], phase * self.episode_steps], dim=-1)
        return state, self.shown(tasks, state)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Moves, where there is light or the cue; or presses, which is paid at once and ends the trial."""
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
        """Returns what a press `pressed` steps after the cue came is worth, `[...]`."""
        return (1 - (pressed - interval).abs() / self.tolerance).clamp_(min=0)

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns None: phases earn unlike amounts, 0 in all but the last."""
        return None

    def shown(self, tasks: Tensor, state: Tensor) -> Tensor:
        """Returns what is seen in a state, `[..., 3]`."""
        position, clock = state[..., POSITION], state[..., CLOCK]
        light = (clock < self.interval(tasks)).to(state.dtype)
        place = position / self.longest if self.position_shown else torch.zeros_like(position)
        return torch.stack([light, (clock >= self.go).to(state.dtype), place], dim=-1)
