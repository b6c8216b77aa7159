"""Walks: games of a searching player, up to a decision, that all players are shown.

Shapes: N walks, T steps, P places and labels, A actions.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ingredients.references.policy import Answer, ReferenceInput, ReferencePolicy
from ingredients.seeds import Purpose, generator
from ingredients.tasks.memory_planning import COLLECT, MemoryPlanning

ASKED = 16  # draws of a player's action, for its probabilities


class Walks(NamedTuple):
    """One walk a row.

    Attributes:
        here, goal: labels before each step, `[N, T]` (int64).
        action: `[N, T]`.
        reward: `[N, T]` (float32).
        flagged: as an episode start, `[N, T]` (float32).
        decides: step of the decision, `[N]`.
    """

    here: Tensor
    goal: Tensor
    action: Tensor
    reward: Tensor
    flagged: Tensor
    decides: Tensor

    @property
    def rows(self) -> Tensor:
        """Indices of the walks."""
        return torch.arange(len(self.here))

    def seen(self, family: MemoryPlanning, t: int) -> Tensor:
        """Returns the observation before step t, `[N, 2 P]`."""
        return family.shown(self.reward, torch.stack([self.here[:, t], self.goal[:, t]], -1).float())

    def towards(self, goal: Tensor) -> Walks:
        """Returns the walks with another goal, `[N]`, since the decision."""
        later = torch.arange(self.here.shape[1]) >= self.decides.unsqueeze(1)
        return self._replace(goal=torch.where(later, goal.unsqueeze(1), self.goal))

    def of(self, chosen: Tensor) -> Walks:
        """Returns the chosen walks, by index or mask."""
        return Walks(*(part[chosen] for part in self))

    def waiting(self, ticks: int) -> Walks:
        """Returns the walks with unflagged idle ticks after the decision: collecting where the goal is not."""
        steps = int(self.decides.max()) + 1 + ticks
        short = max(steps - self.here.shape[1], 0)
        here, goal, action, reward, flagged = (_padded(part, short) for part in self[:5])
        longer = Walks(here, goal, action, reward, flagged, self.decides)
        after = torch.arange(longer.here.shape[1]) - self.decides.unsqueeze(1)
        idle = after >= 0
        stands = longer.here.gather(1, self.decides.unsqueeze(1))
        goal = longer.goal.gather(1, self.decides.unsqueeze(1))
        return Walks(
            torch.where(idle, stands, longer.here),
            torch.where(idle, goal, longer.goal),
            torch.where(idle, COLLECT, longer.action),
            torch.where(idle, 0.0, longer.reward),
            torch.where(after > 0, 0.0, longer.flagged),
            self.decides,
        )


def _padded(part: Tensor, short: int) -> Tensor:
    return torch.cat([part, part[:, -1:].expand(-1, short)], 1)


def flags(family: MemoryPlanning, walks: int, steps: int) -> Tensor:
    """Returns which steps are episode starts, `[N, T]` (float32)."""
    return (torch.arange(steps) % family.episode_steps == 0).float().expand(walks, -1)


def played(family: MemoryPlanning, policy: ReferencePolicy, tasks: Tensor, seed: int) -> Walks:
    """Returns a player's whole games on `tasks` `[N, D]`, without decisions."""
    draws = generator(seed, Purpose.REFERENCES)
    state, _ = family.first(tasks, torch.rand(len(tasks), 2, generator=draws))
    memory = policy.initial(len(tasks))
    reward = torch.zeros(len(tasks))
    action = torch.full((len(tasks),), -1)
    lived = []
    for t in range(family.steps):
        seen = family.shown(tasks, state)
        action = policy.act(memory, ReferenceInput(t, tasks, seen, reward, action, draws))
        step = family.step(tasks, state, action, torch.rand(len(tasks), 1, generator=draws))
        memory = policy.update(memory, _answer(t, seen, action, step.reward, step.observation, draws))
        lived.append((*state.long().unbind(-1), action, step.reward))
        state, reward = step.state, step.reward
    here, goal, done, paid = (torch.stack(part, 1) for part in zip(*lived, strict=True))
    return Walks(here, goal, done, paid, flags(family, len(tasks), family.steps), torch.zeros(len(tasks)).long())


def _answer(t: int, seen: Tensor, action: Tensor, reward: Tensor, led_to: Tensor, draws: torch.Generator) -> Answer:
    never = torch.zeros(len(action), dtype=torch.bool)
    return Answer(t, seen, action, reward, led_to, never, never, draws)


def memories(family: MemoryPlanning, policy: ReferencePolicy, walks: Walks) -> Tensor:
    """Returns a player's memory at each decision, `[N, M]`."""
    draws = generator(0, Purpose.REFERENCES)
    memory = policy.initial(len(walks.here))
    kept = memory.clone()
    for t in range(int(walks.decides.max()) + 1):
        kept = torch.where((walks.decides == t).unsqueeze(1), memory, kept)
        if t + 1 < walks.here.shape[1]:
            seen, led_to = walks.seen(family, t), walks.seen(family, t + 1)
            memory = policy.update(memory, _answer(t, seen, walks.action[:, t], walks.reward[:, t], led_to, draws))
    return kept


def choices(family: MemoryPlanning, policy: ReferencePolicy, walks: Walks, tasks: Tensor, runs: int) -> Tensor:
    """Returns the frequency of each action at the decision among `ASKED` draws, `[R, N, A]`.

    `tasks` `[N, D]` are for players who know the map.
    """
    rows, at = walks.rows, walks.decides
    memory = memories(family, policy, walks)
    seen = family.shown(walks.reward, torch.stack([walks.here[rows, at], walks.goal[rows, at]], -1).float())
    counts = torch.zeros(runs, len(rows), family.actions, dtype=torch.float64)
    for run in range(runs):
        draws = generator(run, Purpose.REFERENCES, 1)
        moment = ReferenceInput(1, tasks, seen, walks.reward[rows, at - 1], walks.action[rows, at - 1], draws)
        for _ in range(ASKED):
            counts[run, rows, policy.act(memory, moment)] += 1
    return counts / ASKED
