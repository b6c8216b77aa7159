"""Any Gymnasium environment as a family (docs/tasks.md).

Task ψ: the uniforms from which `vary` makes values, `[D]`, or 0 if nothing varies. With `fresh_start: off` ψ is the
seed of all resets, `[1]`; else each episode has its own.

On the axis of steps `episodes` and `episode_steps` are a lifetime's two halves. The n-th start of a half is the first
one + n·φ mod 1.

It is not pure: it can only return to an episode's start (`gyms.pool`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ingredients.boundary.failures import Failure
from ingredients.gyms.frames import Frame
from ingredients.gyms.pool import Pool
from ingredients.gyms.recipe import Recipe
from ingredients.gyms.vary import Knob, knobs
from ingredients.gyms.warm_up import Scales, warm_up
from ingredients.study.axis import axis_of
from ingredients.study.segmented import is_one_task
from ingredients.study.tasks import GymnasiumTasks
from ingredients.tasks.family import Step
from ingredients.tasks.paced import PacedPool

USUAL_STEPS, MOST_STEPS = 100, 1000
FEW_TASKS = 1000
SHOWN = 10.0
WORD = 2.0**24  # above every number that holds bytes of an image
_NEXT_START = (5**0.5 - 1) / 2  # multiples of it, less whole numbers, are all different


@dataclass(frozen=True, eq=False)
class GymnasiumFamily:
    """`episodes` episodes of at most `episode_steps` steps in somebody else's environment."""

    name: str
    episodes: int
    episode_steps: int
    observation_size: int
    actions: int
    continuous: bool
    task_size: int
    start_size: int
    held_out: bool
    is_one_task: bool
    scales: Scales
    pool: Pool
    knobs: tuple[Knob, ...] = ()
    notice: str | None = None
    ends_early: bool = True
    observation_bounds: tuple[float, float] = (-SHOWN, SHOWN)
    noise_size: int = 0
    written: range = range(0)
    most_lanes: int = 32
    steps_on_cpu: bool = True
    frames: tuple[Frame, ...] = ()
    shows_symbols: bool = False
    restarts: bool = False
    longest_episode: int = 0
    points: int = 0
    failures: dict[int, Failure] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """T = K · L."""
        return self.episodes * self.episode_steps

    @property
    def reward_scale(self) -> float:
        """Factor by which the agent sees rewards."""
        return self.scales.reward

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, D]` uniforms, or zeros if there is one task."""
        if self.is_one_task:
            return torch.zeros(count, self.task_size)
        return torch.rand(count, self.task_size, generator=generator)

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the state (start, episode, steps so far), `[..., start_size + 2]`, and the observation.

        On the axis of steps it counts the half's steps, with the episode's before its number.
        """
        return self._begin(tasks, start, start.new_zeros(*start.shape[:-1], 1))

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns state and observation after a reset."""
        return self._begin(tasks, start, state[..., -2:-1] + 1)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Steps lanes whose episode is under way; others show and pay zeros."""
        self._come_back(tasks, state)
        chosen = action if self.continuous else action.unsqueeze(-1)
        block = self.pool.step(_rows(chosen))
        self._remember(tasks)
        after = torch.cat([state[..., :-1], state[..., -1:] + 1], dim=-1)
        reward, ends, cut, _ = torch.from_numpy(block[:, -4:].copy()).to(tasks.device).unbind(-1)
        reward, ends, cut = (part.view(tasks.shape[:-1]) for part in (reward, ends, cut))
        step = Step(after, self._seen(block, tasks), action, reward, reward, ends.bool(), cut.bool())
        return self._restarted(tasks, step) if self.restarts else step

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns None: it is unknown."""
        return None

    def take_failures(self) -> dict[int, Failure]:
        """See `foreign.take_failures`."""
        found = dict(self.failures)
        self.failures.clear()
        return found

    def pace(self, lanes: int) -> PacedPool:
        """Returns lanes at their own pace, `lanes` for each run."""
        return PacedPool(self.pool.another(), self.scales, lanes)

    def _begin(self, tasks: Tensor, start: Tensor, number: Tensor) -> tuple[Tensor, Tensor]:
        count = torch.zeros_like(number)
        block = self.pool.reset(_rows(tasks), _rows(start), _numbers(number))
        self._remember(tasks)
        parts = [start, count, number, count] if self.restarts else [start, number, count]
        return torch.cat(parts, dim=-1), self._seen(block, tasks)

    def _restarted(self, tasks: Tensor, step: Step) -> Step:
        """Returns the step with ended lanes at the next episode's start."""
        start, within, number, count = torch.split(step.state, [self.start_size, 1, 1, 1], dim=-1)
        within = within + 1
        truncated = ~step.terminated & (step.truncated | (within >= self.longest_episode).squeeze(-1))
        over = (step.terminated | truncated).unsqueeze(-1)
        observation = step.observation
        if over.any():
            start = torch.where(over, (start + _NEXT_START) % 1, start)
            number = number + over
            within = within.masked_fill(over, 0)
            which = over.reshape(-1).cpu().numpy()
            block = self.pool.restart(which, _rows(tasks), _rows(start), _numbers(number))
            self._remember(tasks)
            observation = torch.where(over, self._seen(block, tasks), observation)
        state = torch.cat([start, within, number, count], dim=-1)
        return step._replace(state=state, observation=observation, truncated=truncated)

    def _come_back(self, tasks: Tensor, state: Tensor) -> None:
        """Brings lanes to `state`: an episode's start or the present."""
        rows, starts = _rows(tasks), _rows(state[..., : self.start_size])
        if not state[..., -1].any():
            if not self.pool.is_at_start(rows, starts):
                self.pool.reset(rows, starts, _numbers(state[..., -2]))
            return
        assert self.pool.is_in(rows, starts), "an episode is gone on with that is not under way"

    def _seen(self, block: NDArray[np.float32], tasks: Tensor) -> Tensor:
        shown = self.scales.shown(block[:, :-4])
        return torch.from_numpy(shown).to(tasks.device).view(*tasks.shape[:-1], -1)

    def _remember(self, tasks: Tensor) -> None:
        lanes = math.prod(tasks.shape[1:-1])
        for lane, reason in self.pool.take_failed().items():
            self.failures.setdefault(lane // lanes, reason)


def gymnasium_family(tasks: GymnasiumTasks) -> GymnasiumFamily:
    """Returns the family of a study's section, after a warm-up.

    Raises:
        StudyError: no such environment or setting, an unsupported space, or the environment raised.
    """
    recipe = Recipe(tasks.gymnasium, tasks.keywords, tuple(tasks.wrappers))
    turned = knobs(recipe, tasks.vary)
    size = max(len(turned), 1)
    start_size = int(bool(turned) or is_one_task(tasks))
    found = warm_up(recipe, turned, size, start_size)
    lane = found.lane
    (steps, limit) = _episode_steps(tasks, recipe.time_limit())
    told = (*([limit] if limit else []), *_images_told(lane.sight.frames), *found.notices)
    said = [f"tasks {tasks.gymnasium}: {what}" for what in told]
    axis = axis_of(tasks)
    half = axis.points * axis.bin_steps // 2
    return GymnasiumFamily(
        name=tasks.gymnasium,
        episodes=2 if axis.of_steps else tasks.episodes,
        episode_steps=half if axis.of_steps else steps,
        observation_size=lane.sight.size,
        actions=lane.reach.actions,
        continuous=lane.reach.continuous,
        task_size=size,
        start_size=start_size,
        held_out=not is_one_task(tasks) and _held_out(turned),
        is_one_task=is_one_task(tasks),
        scales=found.scales,
        pool=Pool(found.recipe, turned, tasks.vectorization),
        knobs=turned,
        observation_bounds=(-SHOWN, WORD if lane.sight.frames else SHOWN),
        frames=lane.sight.frames,
        shows_symbols=lane.sight.is_symbols,
        notice="; ".join(said) or None,
        ends_early=not axis.of_steps,
        restarts=axis.of_steps,
        longest_episode=min(steps, half) if axis.of_steps else steps,
        points=axis.points,
    )


def _images_told(frames: tuple[Frame, ...]) -> list[str]:
    """Returns a notice of images, if any."""
    if not frames:
        return []
    sizes = " and ".join(" × ".join(str(side) for side in frame) for frame in frames)
    how = "a convolutional encoder that is trained with the agent, which takes most of a CPU's time"
    return [f"images of {sizes} pixels are seen by {how}"]


def _episode_steps(tasks: GymnasiumTasks, limit: int | None) -> tuple[int, str | None]:
    """Returns L, and what to tell of it."""
    if tasks.episode_steps != "auto":
        return tasks.episode_steps, None
    if limit is not None and limit <= MOST_STEPS:
        return limit, None
    steps, own = (USUAL_STEPS, "it has no time limit") if limit is None else (MOST_STEPS, f"its own limit is {limit}")
    return steps, f"episodes are cut after {steps} steps ({own}); tasks.episode_steps says otherwise"


def _held_out(turned: tuple[Knob, ...]) -> bool:
    """Returns whether there are more tasks than training could meet."""
    if not turned or any(knob.choices is None for knob in turned):
        return True
    return math.prod(len(knob.choices or ()) for knob in turned) > FEW_TASKS


def _numbers(episode: Tensor) -> NDArray[np.int64]:
    """Returns the lanes' episode numbers, `[L]`."""
    numbers: NDArray[np.int64] = episode.reshape(-1).cpu().numpy().astype(np.int64)
    return numbers


def _rows(part: Tensor) -> NDArray[np.float32]:
    """Returns `[L, ...]` from `[..., n]`."""
    rows: NDArray[np.float32] = part.detach().reshape(math.prod(part.shape[:-1]), part.shape[-1]).cpu().float().numpy()
    return rows
