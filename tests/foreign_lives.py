"""Lifetimes in environments of others: a family of them, its tasks, and what a fixed cycle of actions meets."""

from __future__ import annotations

import torch
from torch import Tensor

from ingredients.study import parse_study
from ingredients.tasks import lifetime, make_family
from ingredients.tasks.gymnasium_family import GymnasiumFamily


def family_of(gymnasium_: str, **settings: object) -> GymnasiumFamily:
    """Returns the family of a study's section."""
    tasks = {"gymnasium": gymnasium_, "episodes": 5, **settings}
    made = make_family(parse_study({"name": "t", "tasks": tasks, "ingredients": {}}, "test").tasks)
    assert isinstance(made, GymnasiumFamily)
    return made


def tasks_of(family: GymnasiumFamily, lanes: int) -> Tensor:
    """Returns tasks `[lanes, D]`."""
    return family.draw_tasks(torch.Generator().manual_seed(0), lanes)


def lived(family: GymnasiumFamily, lanes: int = 3, steps: int | None = None) -> Tensor:
    """Returns what lifetimes of a fixed cycle of actions show and pay, `[T, lanes, O + 1]`."""
    tasks, draw = tasks_of(family, lanes), torch.Generator().manual_seed(1)
    world, seen = lifetime.begin(family, tasks, torch.rand(lanes, family.start_size, generator=draw)), []
    for t in range(family.steps if steps is None else steps):
        action = torch.full((lanes,), t % family.actions)
        if family.continuous:
            action = torch.full((lanes, family.actions), 0.3)
        world, step = lifetime.proceed(family, tasks, world, action, torch.zeros(lanes, 0))
        seen.append(torch.cat([step.observation, step.reward.unsqueeze(-1)], dim=-1))
        if lifetime.starts_episode(family, t + 1):
            world = lifetime.next_episode(family, tasks, world, torch.rand(lanes, family.start_size, generator=draw))
    return torch.stack(seen)
