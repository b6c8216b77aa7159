"""Comparison of pairs of episodes with equal seeds (docs/audit.md); if control pairs differ, nothing is concluded.

Before every step both get equally seeded generators: luck stays equal even if one draws more often.

Pairs differ in one action (`trace`), the seed of the reset (`tasks`), the generators after it (`luck`), or nothing
(`control`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from ingredients.audit.made import Made
from ingredients.audit.play import Episode
from ingredients.decoding.played import Numbers
from ingredients.gyms.recipe import Recipe

LAGS = (1, 2, 4, 8, 16, 32, 64)
PAIRS, CONTROLS, TRACES = 60, 10, 200
CHANGED_BEFORE = 10  # the changed action is one of the first ten
TASK_PAIRS, TASK_STEPS = 100, 16
STATES, TOLD_STEPS, MOST_ACTIONS = 40, 3, 32
SAME = 1e-6


@dataclass
class PairCount:
    """Number of pairs, and of those that differ."""

    differ: int = 0
    pairs: int = 0

    def count(self, differs: bool) -> None:
        """Counts a pair."""
        self.pairs += 1
        self.differ += differs


@dataclass
class Replayed:
    """Results; `trace` by lag in steps, `apart` the mean share of actions told apart."""

    trace: dict[int, PairCount] = field(default_factory=lambda: {lag: PairCount() for lag in LAGS})
    control: PairCount = field(default_factory=PairCount)
    starts: PairCount = field(default_factory=PairCount)
    tasks: PairCount = field(default_factory=PairCount)
    luck: PairCount = field(default_factory=PairCount)
    apart: list[float] = field(default_factory=list)
    first_seen: set[bytes] = field(default_factory=set)
    resets: int = 0
    actions: int = 0


class Pair:
    """Two environments of one recipe."""

    def __init__(self, recipe: Recipe, seconds: float) -> None:
        """Makes both, with `seconds` of CPU time for all calls."""
        self._two = (Made(recipe), Made(recipe))
        self._until = time.process_time() + seconds
        self.space = self._two[0].actions

    @property
    def has_time(self) -> bool:
        """Whether time is left."""
        return time.process_time() < self._until

    def close(self) -> None:
        """Closes both."""
        for one in self._two:
            one.close()

    def starts(self, seeds: tuple[int, int]) -> tuple[Numbers, Numbers]:
        """Returns both first observations after resets with these seeds."""
        first, second = (one.reset(seed) for one, seed in zip(self._two, seeds, strict=True))
        return first, second

    def together(
        self, actions: tuple[Sequence[Any], Sequence[Any]], luck: tuple[int, int]
    ) -> Iterator[tuple[Numbers, Numbers]]:
        """Yields both observations, with rewards, step by step, until one ends."""
        for step, chosen in enumerate(zip(*actions, strict=True)):
            shown = []
            over = False
            for one, action, seed in zip(self._two, chosen, luck, strict=True):
                one.give_luck(seed + step)
                observation, reward, ends = one.step(action)
                shown.append(np.append(observation, reward))
                over = over or ends
            yield shown[0], shown[1]
            if over:
                return


def _differ(first: Numbers, second: Numbers) -> bool:
    """Returns whether a column differs, relative to its size."""
    return bool((np.abs(first - second) > SAME * (1 + np.abs(first))).any())


def replay(recipe: Recipe, episodes: Sequence[Episode], seconds: float) -> Replayed:
    """Returns all counts, each part within `seconds` / 4, from states of `episodes`."""
    found = Replayed()
    draw = np.random.default_rng(0)
    for part in (_controls, _traces, _tasks, partial(_told_apart, episodes)):
        pair = Pair(recipe, seconds / 4)
        pair.space.seed(1)
        try:
            part(pair, found, draw)
        finally:
            pair.close()
    return found


def _actions(pair: Pair, count: int) -> list[Any]:
    return [pair.space.sample() for _ in range(count)]


def _controls(pair: Pair, found: Replayed, draw: np.random.Generator) -> None:
    """Counts pairs that differ in nothing, and in luck alone."""
    for seed in range(PAIRS):
        if not pair.has_time:
            return
        alike = seed < CONTROLS
        actions = _actions(pair, TASK_STEPS)
        starts = pair.starts((seed, seed))
        luck = (seed, seed) if alike else (seed, seed + 10**6)
        differs = _differ(*starts) or any(_differ(*shown) for shown in pair.together((actions, actions), luck))
        (found.control if alike else found.luck).count(differs)


def _traces(pair: Pair, found: Replayed, draw: np.random.Generator) -> None:
    for seed in range(TRACES):
        if not pair.has_time:
            return
        place = int(draw.integers(CHANGED_BEFORE))
        actions = _actions(pair, place + max(LAGS))
        changed = [*actions[:place], _other(pair, actions[place]), *actions[place + 1 :]]
        pair.starts((seed, seed))
        for step, shown in enumerate(pair.together((actions, changed), (seed, seed))):
            if (lag := step + 1 - place) in found.trace:
                first, second = (part[:-1] for part in shown)  # observations alone
                found.trace[lag].count(_differ(first, second))


def _other(pair: Pair, action: Any) -> Any:  # noqa: ANN401 - of the space
    """Returns a different action, or the same if ten draws fail."""
    for _ in range(10):
        other = pair.space.sample()
        if not np.array_equal(np.asarray(other, dtype=object), np.asarray(action, dtype=object)):
            return other
    return action


def _tasks(pair: Pair, found: Replayed, draw: np.random.Generator) -> None:
    """Counts pairs that differ at the start, and that differ at all."""
    for seed in range(TASK_PAIRS):
        if not pair.has_time:
            return
        starts = pair.starts((2 * seed, 2 * seed + 1))
        found.first_seen |= {np.round(start, 6).tobytes() for start in starts}
        found.resets += 2
        found.starts.count(_differ(*starts))
        actions = _actions(pair, TASK_STEPS)
        later = (_differ(*shown) for shown in pair.together((actions, actions), (seed, seed)))
        found.tasks.count(_differ(*starts) or any(later))


def _told_apart(episodes: Sequence[Episode], pair: Pair, found: Replayed, draw: np.random.Generator) -> None:
    """Replays states with each of their actions; counts groups of actions that look alike for 3 steps."""
    count = int(getattr(pair.space, "n", 0))
    if not 2 <= count <= MOST_ACTIONS:
        return
    start = int(getattr(pair.space, "start", 0))
    found.actions = count
    lengths = np.array([len(episode.chosen) for episode in episodes])
    for step in draw.integers(lengths.sum(), size=STATES):
        episode = int(np.searchsorted(np.cumsum(lengths), step, "right"))
        seed = episodes[episode].seed
        place = int(step - lengths[:episode].sum())
        before = episodes[episode].chosen[:place]
        after = _actions(pair, TOLD_STEPS - 1)
        groups: set[bytes] = set()
        for action in range(start, start + count):
            if not pair.has_time:
                return
            pair.starts((seed, seed))
            actions = [*before, action, *after]
            shown = [first[:-1] for first, _ in pair.together((actions, actions), (seed, seed))]
            if len(shown) <= len(before):
                break  # the episode ended before
            groups.add(np.round(np.concatenate([[len(shown)], *shown[len(before) :]]), 5).tobytes())
        if groups:
            found.apart.append(len(groups) / count)
