"""Played sequences as arrays: in step t the player saw o_t, did a_t, received r_t and saw o_{t+1}."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class PlayedSequences:
    """N sequences.

    Attributes:
        observation: `[N, T + 1, O]`.
        seen: which observations exist, `[N, T + 1]`; others are 0.
        action: `[N, T, C]`, whole numbers if choices.
        reward: `[N, T]`.
        acted: steps with an action, `[N, T]`.
        schedule: the same in all, `[N, T, S]`: step, episode start.
        task: numbers, `[N]`.
        quantities: actions are not choices.
        independent: actions were drawn independently of everything.
    """

    observation: Numbers
    seen: Flags
    action: Numbers
    reward: Numbers
    acted: Flags
    schedule: Numbers
    task: Labels
    quantities: bool
    independent: bool

    @property
    def steps(self) -> int:
        """Number of steps with an action."""
        return int(self.acted.sum())


@dataclass(frozen=True, eq=False)
class Rows:
    """Some steps: sequence and step numbers, `[R]` each."""

    sequence: Labels
    step: Labels

    @property
    def size(self) -> int:
        """Number of rows R."""
        return self.sequence.size

    def only(self, chosen: Flags | Labels) -> Rows:
        """Returns the chosen rows."""
        return Rows(self.sequence[chosen], self.step[chosen])


def rows_of(played: PlayedSequences, sequences: Flags) -> Rows:
    """Returns the acted steps of the chosen sequences `[N]`."""
    return Rows(*np.nonzero(played.acted & sequences[:, None]))


def thinned(rows: Rows, most: int) -> Labels:
    """Returns indices of at most `most` rows, drawn with a fixed seed."""
    if rows.size <= most:
        return np.arange(rows.size)
    return np.sort(np.random.default_rng(0).choice(rows.size, most, replace=False))
