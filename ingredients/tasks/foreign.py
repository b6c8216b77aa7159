"""Optional attributes of families, and functions that read them.

Our tensor programs have rewards of about 1, play as many lanes as memory allows, and never fail. Other people's
environments may not.

| attribute | means | default |
|---|---|---|
| `reward_scale` | factor by which the agent sees a reward and learns from it | 1 |
| `most_lanes` | lanes of a run that are played at once in an evaluation | no limit |
| `take_failures()` | failures since the last call, by index in the tasks' first dimension | none |
| `shown(tasks, state)` | observation of a state that a probe has changed | the observation before |
| `frames` | height, width, channels of the images in an observation's first columns | none |
| `notice` | one sentence that the user should read before training | none |
| `steps_on_cpu` | environments step on the CPU, whatever their tensors' device | on the tensors' device |
| `restarts` | `step` begins the next episode where one has ended (`gymnasium_family`) | lanes keep step |
| `longest_episode` | most steps of an episode of a family that `restarts` | `episode_steps` |
| `points` | points of an adaptation curve, each of as many steps of the lifetime | `episodes` |
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from ingredients.boundary.failures import Failure
from ingredients.gyms.frames import Frame
from ingredients.tasks.family import Family


def reward_scale(family: Family) -> float:
    """Returns the factor by which the agent and the learner see rewards."""
    scale: float = getattr(family, "reward_scale", 1.0)
    return scale


def frames(family: Family) -> tuple[Frame, ...]:
    """Returns height, width and channels of the images that an observation begins with, as bytes (`pixels`)."""
    shown: tuple[Frame, ...] = getattr(family, "frames", ())
    return shown


def most_lanes(family: Family, otherwise: int) -> int:
    """Returns how many lanes of a run may be played at once."""
    most: int = getattr(family, "most_lanes", otherwise)
    return most


def take_failures(family: Family) -> dict[int, Failure]:
    """Returns failures since the last call: by run where tasks are `[S, N, D]`, else by lane."""
    take: Callable[[], dict[int, Failure]] | None = getattr(family, "take_failures", None)
    return {} if take is None else take()


def shown_again(family: Family, tasks: Tensor, state: Tensor, before: Tensor) -> Tensor:
    """Returns the observation of a state changed from outside; `before` if the family cannot tell."""
    show: Callable[[Tensor, Tensor], Tensor | None] | None = getattr(family, "shown", None)
    shown = None if show is None else show(tasks, state)
    return before if shown is None else shown


def notice(family: Family) -> str | None:
    """Returns what the user should know before training."""
    said: str | None = getattr(family, "notice", None)
    return said


def restarts(family: Family) -> bool:
    """Returns whether an episode that ends gives way to the next within `step`, so that no lane waits."""
    at_once: bool = getattr(family, "restarts", False)
    return at_once


def longest_episode(family: Family) -> int:
    """Returns the most steps of an episode."""
    steps: int = getattr(family, "longest_episode", family.episode_steps)
    return steps


def points(family: Family) -> int:
    """Returns of how many points an adaptation curve is, over which the steps of a lifetime are shared out evenly."""
    count: int = getattr(family, "points", family.episodes)
    return count


def steps_on_cpu(family: Family) -> bool:
    """Returns whether a family steps on the CPU, so that a GPU has to wait for it."""
    on_cpu: bool = getattr(family, "steps_on_cpu", False)
    return on_cpu
