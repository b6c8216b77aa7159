"""The scale of what is seen: bounds where they say what is usual, else what a random policy meets.

Comes in: one lane. Goes out: `Scales`, the same for every cell, seed and machine: the warm-up's draws are keyed by its
purpose alone. A column of a one-hot stays as it is. A measured column with finite bounds goes to [−1, 1]; one without
(or of whole numbers, which rarely fill their bounds) gets mean 0 and deviation 1 of the warm-up; all are cut at ±10.
The reward that the agent sees and learns from is divided by the largest that the warm-up met, where that is above 1;
curves stay in raw returns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingredients.gyms.lane import NOT_FINITE, Lane
from ingredients.gyms.recipe import wrong

WARM_UP_STEPS, WARM_UP_TASKS = 1000, 10
WARM_UP_SEED = 20_160_113
FARTHEST_SHOWN = 10.0
STILL = 1e-6  # a column that varies less than that says nothing


@dataclass(frozen=True, eq=False)
class Scales:
    """What is shown is (x − centre) · gain, cut at ±10, `[O]` each; what is felt of a reward is reward · `reward`."""

    centre: NDArray[np.float32]
    gain: NDArray[np.float32]
    reward: float

    def shown(self, observation: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns what the agent sees of observations `[..., O]`."""
        scaled: NDArray[np.float32] = np.clip((observation - self.centre) * self.gain, -FARTHEST_SHOWN, FARTHEST_SHOWN)
        return scaled


def scales(name: str, lane: Lane, task_size: int) -> Scales:
    """Returns the scales of a lane's environment.

    Raises:
        StudyError: the environment raises.
    """
    observed, rewards = _met(name, lane, task_size)
    sight = lane.sight
    bounded = np.isfinite(sight.low) & np.isfinite(sight.high) & (sight.low < sight.high)
    with np.errstate(invalid="ignore"):
        middle, half = (sight.low + sight.high) / 2, (sight.high - sight.low) / 2
    deviation = observed.std(0)
    deviation = np.where(deviation > STILL, deviation, 1.0)
    centre = np.where(bounded, middle, observed.mean(0))
    gain = np.where(bounded, 1 / np.where(bounded, half, 1.0), 1 / deviation)
    centre, gain = np.where(sight.measured, centre, 0.0), np.where(sight.measured, gain, 1.0)
    largest = max(1.0, float(np.abs(rewards).max()))
    return Scales(centre.astype(np.float32), gain.astype(np.float32), 1 / largest)


def _met(name: str, lane: Lane, task_size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the observations `[n, O]` and rewards `[n]` of a random policy on a few tasks.

    A task on which the environment raises is left: its runs will say so. Where all are, nothing could be trained.
    """
    draw = np.random.default_rng(WARM_UP_SEED)
    observed, rewards = [], [0.0]
    reasons: list[str] = []
    for task in draw.random((WARM_UP_TASKS, task_size), dtype=np.float32):
        lane.over, lane.raised = True, None
        for _ in range(WARM_UP_STEPS // WARM_UP_TASKS):
            start, action = draw.random(1, dtype=np.float32), random_action(lane, draw)
            seen = lane.reset(task, start) if lane.over else lane.step(*lane.reach.taken(action[None]))
            if not (np.isfinite(seen.observation).all() and np.isfinite(seen.reward)):
                lane.refuse(NOT_FINITE)
            if lane.raised:
                reasons.append(lane.raised)
                break
            observed.append(seen.observation)
            rewards.append(seen.reward)
    lane.raised = None
    if len(reasons) == WARM_UP_TASKS:
        raise wrong(name, f"a random policy fails on each of {WARM_UP_TASKS} tasks: {reasons[0]}")
    return np.asarray(observed, np.float64), np.asarray(rewards, np.float64)


def random_action(lane: Lane, draw: np.random.Generator) -> NDArray[np.float32]:
    """Returns a uniform choice `[1]`, or a vector `[A]` of uniforms from −1 to 1."""
    if lane.reach.continuous:
        return (2 * draw.random(lane.reach.actions) - 1).astype(np.float32)
    return draw.integers(lane.reach.actions, size=1).astype(np.float32)
