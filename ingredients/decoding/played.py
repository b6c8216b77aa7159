"""What was played: sequences of observations, actions and rewards, as arrays that any player can fill.

A sequence is a lifetime of a study, or an episode of an audit. In step t the player saw o_t, did a_t, was paid r_t and
saw o_{t+1}.
"""

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
        observation: `[N, T + 1, O]`; o_t is what was seen when a_t was chosen.
        seen: which of those there were, `[N, T + 1]`; the others are 0.
        action: `[N, T, C]`: choices as whole numbers, or the components of a vector.
        reward: `[N, T]`.
        acted: the steps in which there was something to do, `[N, T]`.
        schedule: what tells no sequence from another, `[N, T, S]`: the step, whether an episode starts.
        task: the number of the task that a sequence was played on, `[N]`.
        quantities: whether actions are quantities rather than choices.
        independent: whether actions were drawn without a look at anything, so that nothing before tells them.
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
        """How many steps were acted in."""
        return int(self.acted.sum())


@dataclass(frozen=True, eq=False)
class Rows:
    """Some steps of what was played: the numbers of their sequences, and of the step in them, `[R]` each."""

    sequence: Labels
    step: Labels

    @property
    def size(self) -> int:
        """R."""
        return self.sequence.size

    def only(self, chosen: Flags | Labels) -> Rows:
        """Returns some of the rows."""
        return Rows(self.sequence[chosen], self.step[chosen])


def rows_of(played: PlayedSequences, sequences: Flags) -> Rows:
    """Returns the acted steps of the chosen sequences `[N]`, in order."""
    return Rows(*np.nonzero(played.acted & sequences[:, None]))


def thinned(rows: Rows, most: int) -> Labels:
    """Returns the indices of at most `most` of the rows, drawn evenly, the same every time."""
    if rows.size <= most:
        return np.arange(rows.size)
    return np.sort(np.random.default_rng(0).choice(rows.size, most, replace=False))
