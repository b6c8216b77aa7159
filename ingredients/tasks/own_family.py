"""A task distribution of the user's own: a class in a file beside the study, with no more than it has to say.

    class Mine:
        def __init__(self, episodes: int, ...): ...     # the keys of the study's section, all but `own`
        episodes, actions, observation_size, task_size  # attributes; `OwnFamily` has all others, and their defaults
        def draw_tasks(self, generator, count): ...     # [count, task_size]
        def first(self, tasks, start): ...              # state [..., state_size], observation [..., observation_size]
        def step(self, tasks, state, action, noise): ...  # a Step

Comes in: a study's section `own`. Goes out: an `OwnFamily` that keeps the contract of `family.py`; `own_contract` tries
whether it does. Its methods are batched tensor programs for any leading shape, pure but for what they are handed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ingredients.gyms.recipe import imported, wrong
from ingredients.study.own_import import FAILURES, in_short
from ingredients.study.tasks import OwnTasks
from ingredients.tasks.family import Step
from ingredients.tasks.own_contract import check_family

NEEDED = ("actions", "observation_size", "task_size", "draw_tasks", "first", "step")


@dataclass(frozen=True, eq=False)
class OwnFamily:
    """The user's family with every default filled in; `given` is his."""

    given: Any
    name: str
    episodes: int
    actions: int
    observation_size: int
    task_size: int
    episode_steps: int = 1
    ends_early: bool = False
    continuous: bool = False
    observation_bounds: tuple[float, float] = (-float("inf"), float("inf"))
    noise_size: int = 0
    start_size: int = 0
    written: range = range(0)
    held_out: bool = True
    reward_scale: float = 1.0

    @property
    def steps(self) -> int:
        """Returns T = K · L."""
        return self.episodes * self.episode_steps

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns the user's tasks `[count, task_size]`."""
        tasks: Tensor = self.given.draw_tasks(generator, count)
        return tasks

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns his first state and observation."""
        state, observation = self.given.first(tasks, start)
        return state, observation

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns his next episode's, or its first again where he does not say."""
        if not hasattr(self.given, "next_episode"):
            return self.first(tasks, start)
        state, observation = self.given.next_episode(tasks, state, start)
        return state, observation

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Returns his step."""
        step: Step = self.given.step(tasks, state, action, noise)
        return step

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns his, or None where he does not say."""
        best: Tensor | None = (
            self.given.best_episode_return(tasks) if hasattr(self.given, "best_episode_return") else None
        )
        return best

    def shown(self, tasks: Tensor, state: Tensor) -> Tensor | None:
        """Returns what his environment shows in a state that a probe has changed, or None where he does not say."""
        show: Tensor | None = self.given.shown(tasks, state) if hasattr(self.given, "shown") else None
        return show


def own_family(tasks: OwnTasks) -> OwnFamily:
    """Returns the user's family, tried on real shapes.

    Raises:
        StudyError: there is no such class, it cannot be made of the section's keys, or it breaks the contract.
    """
    keywords = tasks.model_dump(exclude={"own"})
    maker = imported(tasks.own, f"a class with {', '.join(NEEDED)}")
    try:
        given = maker(**keywords)
    except FAILURES as error:
        raise wrong(tasks.own, f"cannot be made with {keywords}: {in_short(error)}") from error
    if lacking := [name for name in NEEDED if not hasattr(given, name)]:
        raise wrong(tasks.own, f"lacks {', '.join(lacking)}")
    fields = [name for name in OwnFamily.__dataclass_fields__ if name not in ("given", "name", "episodes")]
    said = {name: getattr(given, name) for name in fields if hasattr(given, name)}
    family = OwnFamily(given, tasks.own, tasks.episodes, **said)
    check_family(family)
    return family
