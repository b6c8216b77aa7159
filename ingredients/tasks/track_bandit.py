"""Two arms beside a track: the agent stands on a square, moves with every pull, and sees where it stands.

The family in which the environment can be the memory (claim 3) of an agent that *learns*: the position outlasts every
pull, so that an agent without memory can keep on it how the arms have paid so far. One that steps to the right for what
speaks for arm 1 (it paid, or arm 0 did not), to the left for what speaks for arm 0, and pulls the arm of the half that
it stands on is the automaton of Tsetlin (1961): the more squares, the longer what it has seen lasts, and the nearer it
comes to the better arm. Which arm pays is drawn for each lifetime, and a pull pays whatever the position is.

ψ = the probabilities with which the two arms pay, uniform and independent, `[2]`.

Action: 3 · arm + step, where step 0 is to the left, 1 stays, 2 is to the right; who steps off the track stays on it.
An episode is one pull. A pull decides on arm and step at once, so what it paid can be written down with the next one.

Observation: the position from 0 to 1, or always 0 with `position_shown: off`, which makes the environment no memory.
What it leaks under random play: nothing. To write down what an arm has paid, one has to see reward and action, or to
read the arm off where one stands, which only tells the arm of one that pulls by its place.

The action channel shows the arm that was pulled, as 3 · arm + 1, and not the step. The step would be a note of one
letter out of three that an agent without memory can leave to itself in that channel; a first version of this family
taught it to some agents. Now the track is the one place outside of the agent that outlasts a pull.

Reward: 1 with the probability of the arm that was pulled, else 0. Termination: every pull ends its episode. The agent
can write on its state: `written` is the position, where it is shown. Tasks can be held out. Adaptation axis: the pulls
of a lifetime. Lifetimes start on the square to the right of the middle.
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
    """`episodes` pulls of two arms beside a track of `squares`, an even number of them."""

    episodes: int
    squares: int
    position_shown: bool = TrackBanditTasks.default_of("position_shown")
    name = "track-bandit"
    arms = ARMS
    actions = ARMS * STEPS

    @property
    def written(self) -> range:
        """The position's column, where the agent sees what it writes."""
        return range(int(self.position_shown))

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, 2]` probabilities, uniform and independent."""
        return torch.rand(count, ARMS, generator=generator)

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the state `[..., 1]`, the square to the right of the middle, and what is seen there."""
        state = tasks.new_full((*tasks.shape[:-1], 1), self.squares // 2)
        return state, self.shown(tasks, state)

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the state as it is: the position outlasts a pull."""
        return state, self.shown(tasks, state)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pulls an arm and moves; `noise[..., 0]` pays. The action channel shows the arm alone."""
        chance = of_arm(tasks, action // STEPS)
        moved = (state[..., 0] + (action % STEPS - STAY)).clamp(0, self.squares - 1).unsqueeze(-1)
        paid = (noise[..., 0] < chance).to(tasks.dtype)
        pulled = action - action % STEPS + STAY
        return pull(moved, pulled, paid, chance, self.shown(tasks, moved))

    def shown(self, tasks: Tensor, state: Tensor) -> Tensor:
        """Returns what is seen on a square, `[..., 1]`."""
        return state / (self.squares - 1) if self.position_shown else torch.zeros_like(state)
