"""What only some families have, and how the rest of the house asks for it.

A tensor program of ours has rewards of about 1, room for as many lanes as memory allows, and never fails; an
environment that somebody else wrote may not.

| attribute | means | otherwise |
|---|---|---|
| `reward_scale` | what the agent sees of a reward, and learns from, is so many times what was paid | 1 |
| `most_lanes` | lanes of a run that are played at once in an evaluation | no limit |
| `take_failures()` | why some have failed since the last time, by their index in the tasks' first dimension | none |
| `shown(tasks, state)` | what the environment shows in a state that a probe has changed | what it showed before |
| `frames` | height, width and channels of the images that the first columns of an observation hold | none |
| `notice` | what the user should know beforehand, in one sentence | nothing |
| `steps_on_cpu` | its environments step on the CPU, whatever device its tensors are on | they step where tensors are |
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from ingredients.boundary.failures import Failure
from ingredients.gyms.frames import Frame
from ingredients.tasks.family import Family


def reward_scale(family: Family) -> float:
    """Returns by what a reward is multiplied before the agent sees it and the learner counts it."""
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
    """Returns why environments have failed since the last time: by run where tasks are `[S, N, D]`, else by lane."""
    take: Callable[[], dict[int, Failure]] | None = getattr(family, "take_failures", None)
    return {} if take is None else take()


def shown_again(family: Family, tasks: Tensor, state: Tensor, before: Tensor) -> Tensor:
    """Returns what is shown on `tasks` in a state that was changed from outside; what was shown `before` if unknown."""
    show: Callable[[Tensor, Tensor], Tensor | None] | None = getattr(family, "shown", None)
    shown = None if show is None else show(tasks, state)
    return before if shown is None else shown


def notice(family: Family) -> str | None:
    """Returns what the user should know of a family before it is trained on."""
    said: str | None = getattr(family, "notice", None)
    return said


def steps_on_cpu(family: Family) -> bool:
    """Returns whether a device has to wait for the environments of a family: they are no tensor program."""
    on_cpu: bool = getattr(family, "steps_on_cpu", False)
    return on_cpu
