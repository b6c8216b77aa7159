"""Lifetimes in progress at their own pace (docs/learner.md): when one or an episode ends, the next begins at once.

Tasks and starts are keyed by seed, purpose and the lifetime's number j in its lane. `Places` hold the current episodes'
actions, to replay Python environments, which cannot be saved.
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
from ingredients.tasks.foreign import longest_episode, restarts
from ingredients.tasks.paced import Flags, Numbers, Pace, Paced, Rows
from ingredients.training.draws import task_list

_SPREAD = (5**0.5 - 1) / 2  # golden ratio: fractional parts of its multiples are spread evenly over [0, 1)
REMEMBERED = 512  # lifetimes whose tasks and starts are cached


class Beginning(NamedTuple):
    """Tasks `[B, D]` and starts `[K, B, start_size]` of the lanes' j-th lifetimes; K is T on the axis of steps."""

    tasks: Rows
    starts: Rows


def schedule(runs: Sequence[Run], family: Family, lanes: int) -> Callable[[int, int], Beginning]:
    """Returns the function from a run's index and j to these lifetimes' `Beginning`."""

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
        every = (family.steps if restarts(family) else family.episodes, lanes)
        count = run.cell.training_tasks
        tasks = fresh(run.seed, number) if count is None else listed(run.seed, count, number)
        if run.cell.starts_alike:
            return Beginning(tasks, np.broadcast_to(starts(run.seed, -1, (1, 1)), (*every, family.start_size)))
        return Beginning(tasks, starts(run.seed, number, every))

    return of_run


@dataclass
class Places:
    """Positions of lanes `[S, B]`: lifetime, episode, step in the episode, steps of the lifetime; all from 0.

    Attributes:
        tasks: of current lifetimes, `[S, B, D]`.
        starts: of current episodes, `[S, B, start_size]`.
        taken: their actions, `[S, B, L, width]`.
        earned: their returns so far, `[S, B]`.
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
        """Returns the initial positions."""
        lead = (runs, lanes)
        width = family.actions if family.continuous else 1
        lifetime, episode, step, age = (np.zeros(lead, np.int64) for _ in range(4))
        tasks, starts = (np.zeros((*lead, size), np.float32) for size in (family.task_size, family.start_size))
        taken = np.zeros((*lead, longest_episode(family), width), np.float32)
        return Places(lifetime, episode, step, age, tasks, starts, taken, np.zeros(lead))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Returns all arrays by name, `[S, ...]` each."""
        return {name: array.copy() for name, array in vars(self).items()}


class Came(NamedTuple):
    """Results of a step of all lanes `[S, B]`.

    Attributes:
        last: observation after the step, `[S, B, O]`, before a new episode's.
        next: the current observation.
        reward: as paid.
        truncated: cut by a time limit of environment or tasks.
        born: a lifetime starts with the next step.
        whole: an episode ended, not cut to desynchronise lanes.
        earned: by the episode, with this step.
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
        """Begins the first lifetimes, or continues from `places`; `lanes` of a `Paced` family are per run."""
        assert isinstance(family, Paced), family
        self._family = family
        self._beginning = schedule(runs, family, lanes)
        self._shape = (len(runs), lanes)
        parted = family.steps if restarts(family) else family.episode_steps
        self._first_cut = np.ceil(parted * (np.arange(1, lanes + 1) * _SPREAD % 1)).astype(np.int64)
        self.pace: Pace = family.pace(lanes)
        self.places = Places.first(*self._shape, family) if places is None else places
        self.shown = self._begun() if places is None else self._returned()

    def step(self, actions: Rows) -> Came:
        """Returns the results of actions `[S, B, width]`; begins episodes and lifetimes."""
        places = self.places
        made = self.pace.step(_rows(actions))
        observation, reward = made.observation.reshape(*self._shape, -1), made.reward.reshape(self._shape)
        terminated, cut = made.terminated.reshape(self._shape), made.truncated.reshape(self._shape)
        np.put_along_axis(places.taken, places.step[..., None, None], actions[:, :, None], axis=2)
        places.step += 1
        places.age += 1
        places.earned += reward
        whole = terminated | cut | (places.step == longest_episode(self._family))
        due, over = self._due()
        truncated = ~terminated & (whole | due)
        ended = terminated | truncated
        born = ended & over
        earned = places.earned.copy()
        self.shown = self._next(ended, born, observation) if ended.any() else observation
        return Came(observation, self.shown, reward, terminated, truncated, born, whole, earned)

    def _due(self) -> tuple[Flags, Flags]:
        """Returns where the lifetime cuts the episode, and where it ends with it."""
        places, family = self.places, self._family
        first = places.lifetime == 0
        if not restarts(family):
            parted = first & (places.episode == 0) & (places.step == self._first_cut)
            return parted, places.episode == family.episodes - 1
        over = (places.age == family.steps) | (first & (places.age == self._first_cut))
        return over | (places.age == family.episode_steps), over

    def _next(self, ended: Flags, born: Flags, shown: Rows) -> Rows:
        """Begins new episodes where the last ended; returns all observations."""
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
        """Replays the current episodes' actions, all lanes together to the end; returns the observations there."""
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
        """Puts lanes on their current lifetime's task and episode's start."""
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
