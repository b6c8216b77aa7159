"""Policies for dark rooms; squares are numbered row by row, `[n²]`."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.references.policy import Answer, ReferenceInput
from ingredients.tasks.dark_room import DOWN, GOAL_SEEN, LEFT, MOVES, RIGHT, STAY, UP, DarkRoom
from ingredients.tasks.maze import distances

BREAKS_TIES = 0.5  # ways are whole numbers of steps


def spiral(size: int) -> Tensor:
    """Returns each square's move, `[n²]`, in a spiral from the middle; the last stays."""
    moves = torch.full((size, size), STAY)
    row = column = size // 2
    legs = [(move, 1 + leg // 2) for leg, move in enumerate((UP, LEFT, DOWN, RIGHT) * size)]
    order = [move for move, length in legs for _ in range(length)][: size**2 - 1]
    for move in order:
        moves[row, column] = move
        row, column = row + MOVES[move][0], column + MOVES[move][1]
    return moves.flatten()


def ring(size: int) -> Tensor:
    """Returns each square's move, `[n²]`, in a closed way; odd sizes' last row joins it."""
    height = size - size % 2
    moves = torch.empty(size, size, dtype=torch.int64)
    moves[0::2], moves[1::2] = RIGHT, LEFT
    moves[0::2, -1], moves[1::2, 1] = DOWN, DOWN
    moves[height - 1, 1] = LEFT
    moves[1:, 0] = UP
    if size % 2:
        moves[-1] = UP
    return moves.flatten()


@dataclass(frozen=True)
class Wander:
    """Acts by the table, or with probability `straying` at random; stays on a goal that it sees.

    With `reads_reward` it stays where it was rewarded. Without positions it uses the first entry.
    """

    family: DarkRoom
    table: Tensor
    straying: float = 0.0
    reads_reward: bool = False

    def initial(self, lanes: int) -> Tensor:
        """Returns no memory."""
        return torch.empty(lanes, 0)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """See `ReferencePolicy.act`."""
        seen, n = moment.observation, self.family.size
        action = self.table[self.family.square((seen[..., :GOAL_SEEN] * (n - 1)).round())]
        if self.straying:
            anywhere = torch.randint(STAY, action.shape, generator=moment.generator)
            strays = torch.rand(action.shape, generator=moment.generator) < self.straying
            action = torch.where(strays, anywhere, action)
        stays = seen[..., GOAL_SEEN] > 0
        if self.reads_reward and moment.step % self.family.episode_steps:
            stays = stays | (moment.reward_tm1 > 0)
        return torch.where(stays, STAY, action)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns no memory."""
        return memory


@dataclass(frozen=True)
class Search:
    """Goes to the nearest possible goal by the shortest known way; the table breaks ties.

    Its memory `[N, 2 n² + 2]`: possible goals, squares assumed open, its position (seen, or known from start and
    walls).
    """

    family: DarkRoom
    table: Tensor

    def initial(self, lanes: int) -> Tensor:
        """Returns that any open square but a fixed start may be the goal."""
        n = self.family.size
        known = torch.ones(self.family.size**2)
        if self.family.walls == "fixed":
            known = self.family.ways(torch.zeros(2)).isfinite().float()
        possible = known.clone()
        if not self.family.random_start:
            possible[self.family.middle] = 0
        middle = torch.full((2,), float(n // 2))
        return torch.cat([possible, known, middle]).expand(lanes, -1)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """See `ReferencePolicy.act`."""
        n = self.family.size
        here = self._here(memory, moment.step, moment.observation)
        possible, known = (part.view(-1, n, n) > 0 for part in self._maps(memory))
        ways = distances(known, possible).flatten(1)
        steps = [self._way(ways, here, move) for move in range(len(MOVES))]
        preferred = self.table[self.family.square(here)]
        costs = torch.stack(steps, -1).nan_to_num(posinf=2.0 * n**2)
        return costs.scatter_add(-1, preferred.unsqueeze(-1), torch.full((len(costs), 1), -BREAKS_TIES)).argmin(-1)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """See `ReferencePolicy.update`."""
        here = self._here(memory, answer.step, answer.observation)
        intended = (here + torch.tensor(MOVES, dtype=here.dtype)[answer.action]).clamp_(0, self.family.size - 1)
        there = self._led_to(here, answer)
        possible, known = (part.clone() for part in self._maps(memory))
        bumped = self.family.square(intended).unsqueeze(-1)
        in_the_way = (intended != there).any(-1, keepdim=True)
        for part in (possible, known):
            part.scatter_(-1, bumped, torch.where(in_the_way, 0.0, part.gather(-1, bumped)))
        square = self.family.square(there).unsqueeze(-1)
        found = torch.zeros_like(possible).scatter_(-1, square, 1.0)
        possible = torch.where(answer.reward.unsqueeze(-1) > 0, found, possible * (1 - found))
        told = torch.cat([possible, known, there], -1)
        return torch.where(answer.waiting.unsqueeze(-1), memory, told)

    def _maps(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        squares = self.family.size**2
        return memory[:, :squares], memory[:, squares : 2 * squares]

    def _here(self, memory: Tensor, step: int, observation: Tensor) -> Tensor:
        """Returns row and column before a step, `[N, 2]`, shown or dead-reckoned."""
        if self.family.position_shown:
            return (observation[..., :GOAL_SEEN] * (self.family.size - 1)).round()
        if step % self.family.episode_steps == 0:
            return torch.full_like(memory[:, -2:], self.family.size // 2)
        return memory[:, -2:]

    def _led_to(self, here: Tensor, answer: Answer) -> Tensor:
        if self.family.position_shown:
            return (answer.led_to[..., :GOAL_SEEN] * (self.family.size - 1)).round()
        return self.family.moved(here.new_zeros(len(here), 2), here, answer.action)  # no walls, or fixed ones

    def _way(self, ways: Tensor, here: Tensor, move: int) -> Tensor:
        """Returns a move's distance to a possible goal, `[N]`."""
        there = here + torch.tensor(MOVES[move], dtype=here.dtype)
        inside = (there == there.clamp(0, self.family.size - 1)).all(-1)
        square = self.family.square(there.clamp(0, self.family.size - 1))
        return torch.where(inside, ways.gather(-1, square.unsqueeze(-1)).squeeze(-1), torch.inf)
