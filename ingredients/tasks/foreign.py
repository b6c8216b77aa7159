"""Optional attributes of families, read or given their default."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from ingredients.boundary.failures import Failure
from ingredients.gyms.frames import Frame
from ingredients.tasks.family import Family


def reward_scale(family: Family) -> float:
    """Returns the factor of rewards shown to agent and learner, by default 1."""
    scale: float = getattr(family, "reward_scale", 1.0)
    return scale


def frames(family: Family) -> tuple[Frame, ...]:
    """Returns height, width and channels of an observation's leading images."""
    shown: tuple[Frame, ...] = getattr(family, "frames", ())
    return shown


def shows_symbols(family: Family) -> bool:
    """Returns whether the environment shows symbols alone, no quantities and no images; ψ does not count."""
    symbols: bool = getattr(family, "shows_symbols", False)
    return symbols


def most_lanes(family: Family, otherwise: int) -> int:
    """Returns how many lanes of a run may be evaluated at once."""
    most: int = getattr(family, "most_lanes", otherwise)
    return most


def take_failures(family: Family) -> dict[int, Failure]:
    """Returns failures since the last call: by run for tasks `[S, N, D]`, else by lane."""
    take: Callable[[], dict[int, Failure]] | None = getattr(family, "take_failures", None)
    return {} if take is None else take()


def shown_again(family: Family, tasks: Tensor, state: Tensor, before: Tensor) -> Tensor:
    """Returns a changed state's observation by `shown`, or `before`."""
    show: Callable[[Tensor, Tensor], Tensor | None] | None = getattr(family, "shown", None)
    shown = None if show is None else show(tasks, state)
    return before if shown is None else shown


def notice(family: Family) -> str | None:
    """Returns what the user should read before training."""
    said: str | None = getattr(family, "notice", None)
    return said


def restarts(family: Family) -> bool:
    """Returns whether `step` begins the next episode after an end."""
    at_once: bool = getattr(family, "restarts", False)
    return at_once


def longest_episode(family: Family) -> int:
    """Returns the most steps of an episode, `episode_steps` by default."""
    steps: int = getattr(family, "longest_episode", family.episode_steps)
    return steps


def points(family: Family) -> int:
    """Returns a curve's number of points, `episodes` by default."""
    count: int = getattr(family, "points", family.episodes)
    return count


def steps_on_cpu(family: Family) -> bool:
    """Returns whether environments step on the CPU, wherever tensors are."""
    on_cpu: bool = getattr(family, "steps_on_cpu", False)
    return on_cpu
