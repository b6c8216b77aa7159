"""One environment that plays a task; it waits when its episode is over, and never raises.

Exceptions and invalid answers end the episode; `take_failed` tells why. A reset's seed is the start, else the task.
Callers that step many lanes hold `Kept` around all.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingredients.boundary import answers, trail
from ingredients.boundary.failures import Failure, Unfit, failure, spelled
from ingredients.boundary.luck import Luck, seed_spaces
from ingredients.gyms.actions import Reach, reach_of
from ingredients.gyms.recipe import Environment, Recipe, close
from ingredients.gyms.spaces import Sight, sight_of
from ingredients.gyms.symbols import known
from ingredients.gyms.vary import Knob, drawn_first, put, values_of

EXTRA = 4  # reward, terminated, truncated, failed
SEEDS = 2**24  # as many as a uniform in float32 tells apart
Row = NDArray[np.float32]


class Lane:
    """One environment of a recipe.

    Attributes:
        over: no episode is under way.
        failed: the first failure since the last `take_failed`, or None.
    """

    def __init__(self, recipe: Recipe, knobs: tuple[Knob, ...]) -> None:
        """Makes the environment with its keywords' first values.

        Raises:
            StudyError: it cannot be made, or has unsupported spaces.
        """
        self._recipe, self._knobs = recipe, knobs
        self._luck = Luck() if recipe.seeds_all else None
        self._keywords = drawn_first(knobs)
        with self._own_luck():
            self._made: Environment = recipe.make(self._keywords)
            self._spaces = self._made.observation_space, self._made.action_space
        self.sight: Sight = sight_of(recipe.name, self._spaces[0], known(self._made))
        self.reach: Reach = reach_of(recipe.name, self._spaces[1])
        self.over = True
        self.failed: Failure | None = None
        self._task: dict[str, Any] = {}
        self._seed = self._episode = self._step = 0
        self._at = b""

    @property
    def width(self) -> int:
        """Length of a row."""
        return self.sight.size + EXTRA

    def reset(self, task: NDArray[Any], start: NDArray[Any], row: Row, episode: int = 0) -> None:
        """Writes an episode's first observation into `row`, which holds zeros.

        `start` is `[1]`, or `[0]` if the task is a seed.
        """
        self._seed = int(float(start[0] if len(start) else task[0]) * SEEDS)
        self._episode, self._step = episode, 0
        try:
            with self._own_luck(self._seed):
                options = self._turn(task)
                self._at = trail.place(self._episode_place())
                trail.mark(0, self._at)
                observation = answers.of_reset(self._made.reset(seed=self._seed, options=options))
            self.sight.write(row, observation)
            self.over = False
        except BaseException as error:
            self._fail(failure(error, "reset", self._place()), row)

    def step(self, action: Any, row: Row) -> None:  # noqa: ANN401 - of the environment's space
        """Writes an action's result into `row`, which holds zeros."""
        self._step += 1
        trail.mark(self._step, self._at)
        try:
            if self._luck is None:
                answer = self._made.step(action)
            else:
                with self._luck:
                    answer = self._made.step(action)
            if type(answer) is not tuple or len(answer) != 5 or type(answer[4]) is not dict:
                answer = answers.of_step(answer)
            observation, reward, terminated, truncated, _ = answer
            self.sight.write(row, observation)
            row[-EXTRA] = reward if type(reward) is float else answers.number(reward)
            if terminated is not False or truncated is not False:
                self._end(row, answers.flag("terminated", terminated), answers.flag("truncated", truncated))
        except BaseException as error:
            self._fail(failure(error, "step", self._place()), row)

    def _end(self, row: Row, terminated: bool, truncated: bool) -> None:
        row[-3] = terminated
        row[-2] = truncated and not terminated
        self.over = terminated or truncated

    def check(self, row: Row) -> None:
        """Fails the lane for a row that is not finite."""
        column = int(np.flatnonzero(~np.isfinite(row))[0])
        what = "the reward" if column >= self.sight.size else self.sight.name(column)
        where = "step" if self._step else "reset"
        self._fail(failure(Unfit(f"{what} {row[column]:g}; expected: a finite number"), where, self._place()), row)

    def refuse_action(self, row: Row) -> None:
        """Ends an episode because an action is not finite."""
        self._fail(Failure(f"the agent's action is not finite ({self._place()})"), row)

    def take_failed(self) -> Failure | None:
        """Returns the failure since the last call, if any."""
        found, self.failed = self.failed, None
        return found

    def close(self) -> None:
        """Closes the environment; ignores errors."""
        close(self._made)

    def _turn(self, task: NDArray[Any]) -> dict[str, Any] | None:
        """Sets the environment to this task; returns the reset's options."""
        self._task = values_of(self._knobs, task)
        by_kind: dict[str, dict[str, Any]] = {"keyword": {}, "attribute": {}, "option": {}}
        for knob in self._knobs:
            by_kind[knob.kind][knob.name] = self._task[knob.name]
        if by_kind["keyword"] != self._keywords:
            close(self._made)
            self._made = self._recipe.make(by_kind["keyword"])
            self._keywords = by_kind["keyword"]
        for name, value in by_kind["attribute"].items():
            put(self._made.unwrapped, name, deepcopy(value))
        if self._luck is not None:
            seed_spaces(self._made, self._seed)
        self._same_spaces()
        return deepcopy(by_kind["option"]) or None

    def _same_spaces(self) -> None:
        """Checks that the spaces are the first environment's."""
        found = self._made.observation_space, self._made.action_space
        for what, first, now in zip(("observations", "actions"), self._spaces, found, strict=True):
            if now is not first and now != first:
                raise Unfit(f"{what} of the space {now}; expected: those of all other tasks, {first}")

    def _own_luck(self, seed: int | None = None) -> AbstractContextManager[object]:
        if self._luck is None:
            return nullcontext()
        if seed is not None:
            self._luck.seed(seed)
        return self._luck

    def _place(self) -> str:
        """Returns task, episode and step in words."""
        return f"{self._episode_place()}, step {self._step}"

    def _episode_place(self) -> str:
        told = [f"{name} {spelled(value)}" for name, value in self._task.items()] or [f"seed {self._seed}"]
        return f"task {', '.join(told)}; episode {self._episode + 1}"

    def _fail(self, found: Failure, row: Row) -> None:
        """Ends the episode with a failure."""
        self.over = True
        self.failed = self.failed or found
        row[:] = 0.0
        row[-3] = row[-1] = 1.0
