"""References of dark rooms.

- `wander`: a sweep over new squares (exact if it never returns), always up where observations tell nothing (exact),
  else a tuned mixture with a random walk.
- `reactive`: the same with r_{t-1}. A memory-off sibling may beat it: by a wall a_{t-1} can be a note.
- `search`: not exact, since the best order of visits is unsolved.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from ingredients.references.at_random import AtRandom
from ingredients.references.dark_room_policies import Search, Wander, ring, spiral
from ingredients.references.policy import PolicyCurves, Reference, ReferenceSet
from ingredients.references.simulation import mean_return, simulate
from ingredients.seeds import Purpose, generator
from ingredients.tasks.dark_room import UP, DarkRoom

STRAYING = (0.0, 0.25, 0.5, 0.75, 1.0)
ROOMS = 500  # on which the best mixture is chosen


def dark_room_references(family: DarkRoom) -> ReferenceSet:
    """Returns all references."""
    table = ring(family.size) if family.random_start else spiral(family.size)
    exact = is_sweep(family) or nothing_tells(family)
    floor = _wander(family, table, 0.0) if exact else _best_wander(family, table)
    reactive = _wander(family, table, 0.0, True) if is_sweep(family) else _best_wander(family, table, True)
    everything = (
        Reference("random", False, None, partial(simulate, family, AtRandom(family.actions))),
        Reference("wander", exact, sweep_return(family) if exact else None, partial(simulate, family, floor)),
        Reference("reactive", False, None, partial(simulate, family, reactive)),
        Reference("search", False, None, partial(simulate, family, Search(family, table))),
        Reference("oracle", True, None, partial(_shortest_way, family)),
    )
    return ReferenceSet("wander", "reactive", "search", everything, floor_without_rewards=exact)


def is_sweep(family: DarkRoom) -> bool:
    """Returns whether a policy by position can enter a new square each step, the optimum."""
    if not family.position_shown or family.walls != "none":
        return False
    around = family.size * (family.size - family.size % 2)
    return not family.random_start or family.episode_steps < around


def nothing_tells(family: DarkRoom) -> bool:
    """Returns whether observations are independent of goal and moves."""
    told = family.position_shown or family.goal_shown or family.ends_at_goal
    return not told and family.walls == "none" and not family.random_start


def sweep_return(family: DarkRoom) -> float:
    """Returns the return of a sweep, or always-up; goals are uniform over n² − 1 squares."""
    squares = family.size**2 - 1
    length = family.episode_steps
    seen = min(squares, length)
    if family.ends_at_goal:
        paid = seen
    elif family.goal_shown:
        paid = sum(length + 1 - t for t in range(1, seen + 1))
    else:
        paid = length
    return family.episodes * paid / squares


def _wander(family: DarkRoom, table: Tensor, straying: float, reads_reward: bool = False) -> Wander:
    """Returns the table's sweep, without positions always-up."""
    return Wander(family, table if family.position_shown else torch.full_like(table, UP), straying, reads_reward)


def _best_wander(family: DarkRoom, table: Tensor, reads_reward: bool = False) -> Wander:
    """Returns the mixture with the highest return on tuning rooms."""
    rooms = family.draw_tasks(generator(0, Purpose.REFERENCES, -1), ROOMS)
    mixtures = [_wander(family, table, straying, reads_reward) for straying in STRAYING]
    return max(mixtures, key=lambda policy: mean_return(family, policy, rooms, -1))


def _shortest_way(family: DarkRoom, tasks: Tensor, run: int) -> PolicyCurves:
    """Returns the shortest way's curve, averaged over starts."""
    ways = family.ways(tasks)
    if family.random_start:
        starts = ways.isfinite() & (ways > 0)
        paid = torch.where(starts, family.paid(ways), 0.0).double().sum(-1) / starts.sum(-1)
    else:
        paid = family.paid(ways[..., family.middle]).double()
    curve = [paid.mean().item()] * family.episodes
    return PolicyCurves(curve, list(curve))
