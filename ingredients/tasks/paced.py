"""Lanes that need not keep step: an early end begins the next episode at once, and nobody waits (see `lifetime`).

An evaluation needs lifetimes that keep step, since probes exchange what lanes carry; training does not.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ingredients.boundary.failures import Failure
from ingredients.gyms.lane import EXTRA
from ingredients.gyms.pool import Pool
from ingredients.gyms.warm_up import Scales

Rows = NDArray[np.float32]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]


class Shown(NamedTuple):
    """What lanes give in a step: what is shown `[L, O]`, the reward as paid, whether an episode terminated, was cut."""

    observation: Rows
    reward: Rows
    terminated: Flags
    truncated: Flags


class Pace(Protocol):
    """Lanes of a family, each of which begins an episode when it has to."""

    def begin(self, tasks: Rows, starts: Rows, episodes: Numbers) -> Rows:
        """Returns what is shown at the start of an episode of each lane, `[L, O]`."""
        ...

    def step(self, actions: Rows) -> Shown:
        """Returns what one step gives; a lane whose episode is over stands still."""
        ...

    def restart(self, which: Flags, tasks: Rows, starts: Rows, episodes: Numbers) -> Rows:
        """Returns what is shown at the start of an episode where `which` says so; other rows hold nothing."""
        ...

    def take_failures(self) -> dict[int, Failure]:
        """Returns why environments have failed since the last time, by run."""
        ...

    def close(self) -> None:
        """Closes every environment."""
        ...


@runtime_checkable
class Paced(Protocol):
    """A family whose lanes can go on at their own pace."""

    def pace(self, lanes: int) -> Pace:
        """Returns lanes, so many of each run, the runs one after the other."""
        ...


class PacedPool:
    """Environments of Gymnasium's at their own pace."""

    def __init__(self, pool: Pool, scales: Scales, lanes: int) -> None:
        """Makes nothing yet; `lanes` are those of a run."""
        self._pool, self._scales, self._lanes = pool, scales, lanes

    def begin(self, tasks: Rows, starts: Rows, episodes: Numbers) -> Rows:
        """Returns what is shown at the start of an episode of each lane, `[L, O]`."""
        return self._scales.shown(self._pool.reset(tasks, starts, episodes)[:, :-EXTRA])

    def step(self, actions: Rows) -> Shown:
        """Returns what one step gives; a lane whose episode is over stands still."""
        block = self._pool.step(actions)
        reward, terminated, truncated, _ = block[:, -EXTRA:].T
        return Shown(self._scales.shown(block[:, :-EXTRA]), reward.copy(), terminated != 0, truncated != 0)

    def restart(self, which: Flags, tasks: Rows, starts: Rows, episodes: Numbers) -> Rows:
        """Returns what is shown at the start of an episode where `which` says so; other rows hold nothing."""
        return self._scales.shown(self._pool.restart(which, tasks, starts, episodes)[:, :-EXTRA])

    def take_failures(self) -> dict[int, Failure]:
        """Returns why environments have failed since the last time, by run."""
        found: dict[int, Failure] = {}
        for lane, reason in sorted(self._pool.take_failed().items()):
            found.setdefault(lane // self._lanes, reason)
        return found

    def close(self) -> None:
        """Closes every environment."""
        self._pool.close()
