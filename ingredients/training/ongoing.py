"""Lifetimes in progress at their own pace: where each lane is, and what comes next.

An early end begins the next episode at once, and a lifetime's end the next lifetime.

Tasks and starts are drawn for the j-th lifetime of each lane, keyed by seed, purpose and j alone: all cells of a seed
meet the same ones in the same order, however long their lifetimes last.

Lanes do not keep step, even where every episode takes its whole time: the first episode of each lane is cut at another
of its steps. Else all lanes of a segment would be at the same moments of an episode, and each update would be made of
those alone and forget the others (CartPole was lost again so, after it had been learned).

A Python environment cannot be put into a file. What can is how it came to be where it is: `Places` hold the actions of
each lane's present episode, and who goes on from them takes these actions again, from the episode's own seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ingredients.grid import Run
from ingredients.seeds import Purpose, generator
from ingredients.tasks.family import Family
from ingredients.tasks.paced import Flags, Numbers, Pace, Paced, Rows
from ingredients.training.draws import task_list

_SPREAD = (5**0.5 - 1) / 2  # multiples of it, less whole numbers, lie evenly in [0, 1), whichever of them one takes
REMEMBERED = 512  # numbers of lifetimes whose tasks and starts are kept at hand


class Beginning(NamedTuple):
    """The tasks `[B, D]` and starts `[K, B, start_size]` of the lanes' lifetimes of one number."""

    tasks: Rows
    starts: Rows


def schedule(runs: Sequence[Run], family: Family, lanes: int) -> Callable[[int, int], Beginning]:
    """Returns what gives the beginnings of a run's j-th lifetimes, for its place in the stack and j."""

    @lru_cache(maxsize=REMEMBERED)
    def fresh(seed: int, number: int) -> Rows:
        drawn: Rows = family.draw_tasks(generator(seed, Purpose.TRAINING_TASKS, number), lanes).numpy()
        return drawn

    @lru_cache(maxsize=REMEMBERED)
    def listed(seed: int, count: int, number: int) -> Rows:
        pick = torch.rand(lanes, generator=generator(seed, Purpose.TRAINING_TASK_PICKS, number))
        drawn: Rows = task_list(seed, family, count)[(pick * count).long().clamp_(max=count - 1)].numpy()
        return drawn

    @lru_cache(maxsize=REMEMBERED)
    def starts(seed: int, number: int, shape: tuple[int, int]) -> Rows:
        draw = generator(seed, Purpose.TRAINING_STARTS, number)
        drawn: Rows = torch.rand((*shape, family.start_size), generator=draw).numpy()
        return drawn

    def of_run(index: int, number: int) -> Beginning:
        run = runs[index]
        every = (family.episodes, lanes)
        count = run.cell.training_tasks
        tasks = fresh(run.seed, number) if count is None else listed(run.seed, count, number)
        if run.cell.starts_alike:
            return Beginning(tasks, np.broadcast_to(starts(run.seed, -1, (1, 1)), (*every, family.start_size)))
        return Beginning(tasks, starts(run.seed, number, every))

    return of_run


@dataclass
class Places:
    """Where lanes `[S, B]` are: lifetime, episode in it, step in that, steps since the lifetime's start; all from 0.

    Attributes:
        tasks: of the present lifetimes, `[S, B, D]`.
        starts: of the present episodes, `[S, B, start_size]`.
        taken: actions of the present episodes, `[S, B, L, width]`.
        earned: what the present episodes have paid, `[S, B]`.
    """

    lifetime: Numbers
    episode: Numbers
    step: Numbers
    age: Numbers
    tasks: Rows
    starts: Rows
    taken: Rows
    earned: NDArray[np.float64]

    @staticmethod
    def first(runs: int, lanes: int, family: Family) -> Places:
        """Returns the places before anything has begun."""
        lead = (runs, lanes)
        width = family.actions if family.continuous else 1
        lifetime, episode, step, age = (np.zeros(lead, np.int64) for _ in range(4))
        tasks, starts = (np.zeros((*lead, size), np.float32) for size in (family.task_size, family.start_size))
        taken = np.zeros((*lead, family.episode_steps, width), np.float32)
        return Places(lifetime, episode, step, age, tasks, starts, taken, np.zeros(lead))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Returns all of it by name, `[S, ...]` each."""
        return {name: array.copy() for name, array in vars(self).items()}


class Came(NamedTuple):
    """What a step of all lanes `[S, B]` came to.

    Attributes:
        last: what was shown after the step, `[S, B, O]`, before an episode that ended gave way to the next.
        next: what is shown now.
        reward: as paid.
        terminated: the episode ended by the environment's own rules.
        truncated: it was cut, by the environment's time limit or that of the tasks.
        born: a lifetime starts with the next step.
        whole: an episode ended that was not cut to part the lanes.
        earned: what the present episode has paid so far, the step included.
    """

    last: Rows
    next: Rows
    reward: Rows
    terminated: Flags
    truncated: Flags
    born: Flags
    whole: Flags
    earned: NDArray[np.float64]

    @property
    def ended(self) -> Flags:
        """Where an episode ended."""
        return self.terminated | self.truncated


class Ongoing:
    """The lanes of a stack and their environments."""

    def __init__(self, runs: Sequence[Run], family: Family, lanes: int, places: Places | None = None) -> None:
        """Begins the first lifetimes, or goes on from places.

        Args:
            runs: the stack's.
            family: one whose lanes need not keep step (`Paced`).
            lanes: of each run.
            places: where an earlier process left the lanes.
        """
        assert isinstance(family, Paced), family
        self._family = family
        self._beginning = schedule(runs, family, lanes)
        self._shape = (len(runs), lanes)
        self._first_cut = np.ceil(family.episode_steps * (np.arange(1, lanes + 1) * _SPREAD % 1)).astype(np.int64)
        self.pace: Pace = family.pace(lanes)
        self.places = Places.first(*self._shape, family) if places is None else places
        self.shown = self._begun() if places is None else self._returned()

    def step(self, actions: Rows) -> Came:
        """Returns what actions `[S, B, width]` came to; episodes and lifetimes that end give way to the next."""
        places = self.places
        made = self.pace.step(_rows(actions))
        observation, reward = made.observation.reshape(*self._shape, -1), made.reward.reshape(self._shape)
        terminated, cut = made.terminated.reshape(self._shape), made.truncated.reshape(self._shape)
        np.put_along_axis(places.taken, places.step[..., None, None], actions[:, :, None], axis=2)
        places.step += 1
        places.age += 1
        places.earned += reward
        cut = cut | (places.step == self._family.episode_steps)
        whole = terminated | cut
        parted = (places.lifetime == 0) & (places.episode == 0) & (places.step == self._first_cut)
        truncated = ~terminated & (cut | parted)
        ended = terminated | truncated
        born = ended & (places.episode == self._family.episodes - 1)
        earned = places.earned.copy()
        self.shown = self._next(ended, born, observation) if ended.any() else observation
        return Came(observation, self.shown, reward, terminated, truncated, born, whole, earned)

    def _next(self, ended: Flags, born: Flags, shown: Rows) -> Rows:
        """Begins the next episode of lanes whose last one has ended; returns what all of them show."""
        places = self.places
        places.lifetime += born
        places.episode = np.where(born, 0, places.episode + ended)
        places.age[born] = places.step[ended] = 0
        self._turn(ended)
        begun = self.pace.restart(ended.reshape(-1), *self._rows())
        return np.where(ended[..., None], begun.reshape(shown.shape), shown)

    def _begun(self) -> Rows:
        self._turn(np.ones(self._shape, np.bool_))
        return self.pace.begin(*self._rows()).reshape(*self._shape, -1)

    def _returned(self) -> Rows:
        """Comes back to the places: takes the actions of the present episodes again; returns what is shown there.

        All lanes arrive at once: one whose episode is younger begins it later, and what it does before is forgotten.
        """
        places = self.places
        longest = int(self.places.step.max())
        shown = self.pace.begin(*self._rows()).reshape(*self._shape, -1)
        for late in range(longest + 1):
            begins = places.step == longest - late
            begun = self.pace.restart(begins.reshape(-1), *self._rows()).reshape(shown.shape)
            shown = np.where(begins[..., None], begun, shown)
            if late == longest:
                break
            at = np.maximum(late - (longest - places.step), 0)
            actions = np.take_along_axis(places.taken, at[..., None, None], axis=2)[:, :, 0]
            shown = self.pace.step(_rows(actions)).observation.reshape(shown.shape)
        self.pace.take_failures()
        return shown

    def _turn(self, which: Flags) -> None:
        """Puts lanes on the task and the start of their present lifetime and episode; nothing is taken or earned."""
        places = self.places
        for run, lane in np.argwhere(which).tolist():
            begins = self._beginning(run, int(places.lifetime[run, lane]))
            places.tasks[run, lane] = begins.tasks[lane]
            places.starts[run, lane] = begins.starts[places.episode[run, lane], lane]
        places.earned[which] = 0.0

    def _rows(self) -> tuple[Rows, Rows, Numbers]:
        return _rows(self.places.tasks), _rows(self.places.starts), self.places.episode.reshape(-1)


def _rows(part: Rows) -> Rows:
    """Returns `[L, n]` from `[S, B, n]`."""
    return part.reshape(part.shape[0] * part.shape[1], part.shape[2])
