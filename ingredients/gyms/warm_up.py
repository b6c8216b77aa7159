"""Random play before training: measures scales, and checks what the environment promises (docs/tasks.md).

Scales are the same for every cell, seed and machine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ingredients.boundary.failures import Failure
from ingredients.boundary.guard import AllKept, Kept, same_luck, shared_luck
from ingredients.gyms.frames import words_of
from ingredients.gyms.lane import EXTRA, Lane, Row
from ingredients.gyms.recipe import Recipe, wrong
from ingredients.gyms.vary import Knob

WARM_UP_STEPS, WARM_UP_TASKS, TASKS_AGAIN = 1000, 10, 2
WARM_UP_SEED = 20_160_113
FARTHEST_SHOWN = 10.0
STILL = 1e-6  # a column that varies less than that says nothing
SLACK = 1e-4  # of a bound's size: what rounding makes of numbers that keep it


@dataclass(frozen=True, eq=False)
class Scales:
    """Shows (x − centre) · gain, `[O]` each, clipped at ±10; agents see reward · `reward`, curves are raw.

    The first `pixels` columns, bytes of images, are unchanged.
    """

    centre: NDArray[np.float32]
    gain: NDArray[np.float32]
    reward: float
    pixels: int = 0

    def shown(self, observation: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns what the agent sees of observations `[..., O]`."""
        scaled: NDArray[np.float32] = np.clip((observation - self.centre) * self.gain, -FARTHEST_SHOWN, FARTHEST_SHOWN)
        scaled[..., : self.pixels] = observation[..., : self.pixels]
        return scaled


class WarmUp(NamedTuple):
    """Results: the recipe to use, a closed lane, scales, sentences for the user."""

    recipe: Recipe
    lane: Lane
    scales: Scales
    notices: tuple[str, ...]


class _Met(NamedTuple):
    """Rows of random play `[n, O + 4]`; a failure per task that ended early."""

    rows: NDArray[np.float32]
    failures: tuple[Failure, ...]


def warm_up(recipe: Recipe, knobs: tuple[Knob, ...], task_size: int, start_size: int) -> WarmUp:
    """Returns the results of random play; `start_size` (1 or 0) uniforms start an episode.

    Raises:
        StudyError: the environment cannot be made, has unsupported spaces, or fails on every task.
    """
    with AllKept():
        before = shared_luck()
        lane, met, differs = _compared(recipe, knobs, task_size, start_size)
        notices: list[str] = []
        if differs or not same_luck(before, shared_luck()):
            lane.close()
            recipe = replace(recipe, seeds_all=True)
            lane, met, differs = _compared(recipe, knobs, task_size, start_size)
            how = "its spaces, or from generators that others share; they are seeded with it here"
            notices.append(differs or f"it draws luck that reset(seed) does not seed: from {how}")
        lane.close()
    if len(met.failures) == WARM_UP_TASKS:
        first = met.failures[0]
        message = f"random play failed on all {WARM_UP_TASKS} tasks: {first}"
        raise wrong(recipe.name, message) from first.cause()
    notices += [*_failures_told(met), *lane.sight.notices, *_bounds_told(lane, met.rows)]
    return WarmUp(recipe, lane, _scales(lane, met.rows), tuple(notices))


def _compared(
    recipe: Recipe, knobs: tuple[Knob, ...], task_size: int, start_size: int
) -> tuple[Lane, _Met, str | None]:
    """Returns a lane, what was met there, and how equal resets differed."""
    lane = Lane(recipe, knobs)
    draw = np.random.default_rng(WARM_UP_SEED)
    tasks = draw.random((WARM_UP_TASKS, task_size), dtype=np.float32)
    played = [_play(lane, task, draw, start_size) for task in tasks]
    rows = np.concatenate([part.rows for part in played])
    met = _Met(rows, tuple(failure for part in played for failure in part.failures))
    draw = np.random.default_rng(WARM_UP_SEED)
    tasks = draw.random((WARM_UP_TASKS, task_size), dtype=np.float32)
    for before, task in zip(played[:TASKS_AGAIN], tasks, strict=False):
        if differs := _difference(lane, before.rows, _play(lane, task, draw, start_size).rows):
            return lane, met, differs
        if before.failures:  # it was left early, so the draws of the next one are others
            break
    return lane, met, None


def _difference(lane: Lane, before: NDArray[np.float32], after: NDArray[np.float32]) -> str | None:
    length = min(len(before), len(after))
    rows = np.flatnonzero((before[:length] != after[:length]).any(1))
    if not rows.size and len(before) == len(after):
        return None
    told = "one of them failed"
    if rows.size:
        column = int(np.flatnonzero(before[rows[0]] != after[rows[0]])[0])
        what = (
            lane.sight.name(column)
            if column < lane.sight.size
            else ("reward", "terminated", "truncated")[min(column - lane.sight.size, 2)]
        )
        told = f"step {rows[0]}, {what}: {before[rows[0], column]:.6g}, then {after[rows[0], column]:.6g}"
    why = "its results cannot be repeated; draw all luck from self.np_random, and keep nothing over a reset"
    return f"two resets with one seed differ ({told}): {why}"


def _failures_told(met: _Met) -> list[str]:
    if not met.failures:
        return []
    return [f"random play failed on {len(met.failures)} of {WARM_UP_TASKS} tasks: {met.failures[0]}"]


def _bounds_told(lane: Lane, rows: NDArray[np.float32]) -> list[str]:
    """Returns a sentence if numbers leave their space's bounds."""
    sight = lane.sight
    slack = SLACK * np.maximum(1.0, np.maximum(np.abs(sight.low), np.abs(sight.high)))
    slack = np.where(np.isfinite(slack), slack, 0.0)
    shown = rows[:, : sight.size]
    outside = (shown < sight.low - slack) | (shown > sight.high + slack)
    if not outside.any():
        return []
    row, column = (int(place[0]) for place in np.nonzero(outside))
    bounds = f"{sight.low[column]:g} to {sight.high[column]:g}"
    share = f"{int(outside.any(1).sum())} of {len(rows)} random steps"
    return [f"observations leave their space in {share}: {sight.name(column)} is {shown[row, column]:g}, not {bounds}"]


def _scales(lane: Lane, rows: NDArray[np.float32]) -> Scales:
    sight = lane.sight
    observed, rewards = rows[:, : sight.size].astype(np.float64), rows[:, -EXTRA].astype(np.float64)
    bounded = np.isfinite(sight.low) & np.isfinite(sight.high) & (sight.low < sight.high)
    with np.errstate(invalid="ignore"):
        middle, half = (sight.low + sight.high) / 2, (sight.high - sight.low) / 2
    deviation = observed.std(0)
    deviation = np.where(deviation > STILL, deviation, 1.0)
    centre = np.where(bounded, middle, observed.mean(0))
    gain = np.where(bounded, 1 / np.where(bounded, half, 1.0), 1 / deviation)
    centre, gain = np.where(sight.measured, centre, 0.0), np.where(sight.measured, gain, 1.0)
    largest = max(1.0, float(np.abs(rewards).max(initial=0.0)))
    pixels = sum(words_of(frame) for frame in sight.frames)
    return Scales(centre.astype(np.float32), gain.astype(np.float32), 1 / largest, pixels)


def _play(lane: Lane, task: NDArray[np.float32], draw: np.random.Generator, start_size: int) -> _Met:
    """Returns a random policy's steps on a task, up to a failure."""
    rows: list[Row] = []
    lane.over, episode = True, 0
    lane.take_failed()
    for _ in range(WARM_UP_STEPS // WARM_UP_TASKS):
        start = draw.random(1, dtype=np.float32)
        action = random_action(lane, draw)
        row: Row = np.zeros(lane.width, np.float32)
        with Kept(quiet=True):
            if lane.over:
                lane.reset(task, start[:start_size], row, episode)
                episode += 1
            else:
                lane.step(lane.reach.taken(action[None])[0], row)
        if not np.isfinite(row).all():
            lane.check(row)
        if failed := lane.take_failed():
            return _Met(_rows(lane, rows), (failed,))
        rows.append(row)
    return _Met(_rows(lane, rows), ())


def _rows(lane: Lane, rows: list[Row]) -> NDArray[np.float32]:
    return np.stack(rows) if rows else np.zeros((0, lane.width), np.float32)


def random_action(lane: Lane, draw: np.random.Generator) -> NDArray[np.float32]:
    """Returns a uniform choice `[1]`, or vector `[A]` on [−1, 1]."""
    if lane.reach.continuous:
        return (2 * draw.random(lane.reach.actions) - 1).astype(np.float32)
    return draw.integers(lane.reach.actions, size=1).astype(np.float32)
