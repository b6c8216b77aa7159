"""Training lanes that do not keep step: after an early end the next episode begins at once."""

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
    """A step of all lanes; observations are `[L, O]`, rewards raw."""

    observation: Rows
    reward: Rows
    terminated: Flags
    truncated: Flags


class Pace(Protocol):
    """A family's lanes, which start episodes independently."""

    def begin(self, tasks: Rows, starts: Rows, episodes: Numbers) -> Rows:
        """Returns each lane's first observation, `[L, O]`."""
        ...

    def step(self, actions: Rows) -> Shown:
        """Returns one step; lanes whose episode is over stand still."""
        ...

    def restart(self, which: Flags, tasks: Rows, starts: Rows, episodes: Numbers) -> Rows:
        """Returns first observations of the lanes `which`; other rows are undefined."""
        ...

    def take_failures(self) -> dict[int, Failure]:
        """Returns failures since the last call, by run."""
        ...

    def close(self) -> None:
        """Closes every environment."""
        ...


@runtime_checkable
class Paced(Protocol):
    """A family whose lanes need not keep step."""

    def pace(self, lanes: int) -> Pace:
        """Returns `lanes` lanes for each run, run after run."""
        ...


class PacedPool:
    """Gymnasium environments as a `Pace`."""

    def __init__(self, pool: Pool, scales: Scales, lanes: int) -> None:
        """Makes nothing yet; `lanes` are a run's."""
        self._pool, self._scales, self._lanes = pool, scales, lanes

    def begin(self, tasks: Rows, starts: Rows, episodes: Numbers) -> Rows:
        """See `Pace.begin`."""
        return self._scales.shown(self._pool.reset(tasks, starts, episodes)[:, :-EXTRA])

    def step(self, actions: Rows) -> Shown:
        """See `Pace.step`."""
        block = self._pool.step(actions)
        reward, terminated, truncated, _ = block[:, -EXTRA:].T
        return Shown(self._scales.shown(block[:, :-EXTRA]), reward.copy(), terminated != 0, truncated != 0)

    def restart(self, which: Flags, tasks: Rows, starts: Rows, episodes: Numbers) -> Rows:
        """See `Pace.restart`."""
        return self._scales.shown(self._pool.restart(which, tasks, starts, episodes)[:, :-EXTRA])

    def take_failures(self) -> dict[int, Failure]:
        """See `Pace.take_failures`."""
        found: dict[int, Failure] = {}
        for lane, reason in sorted(self._pool.take_failed().items()):
            found.setdefault(lane // self._lanes, reason)
        return found

    def close(self) -> None:
        """Closes every environment."""
        self._pool.close()
