"""One environment with everything that a task needs of it; it waits when its episode is over, and never raises.

Comes in: a task `[D]` of uniforms, a start `[1]`, actions. Goes out: `Seen`. An exception of the environment
is caught and kept: its episode is over, and who plays this lane has to be told. Randomness comes from `reset(seed=...)`
alone: the seed is the start, or, where nothing varies, the task, so that all episodes of a lifetime are the same.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ingredients.gyms.recipe import Environment, Recipe
from ingredients.gyms.spaces import Reach, Sight, reach_of, sight_of
from ingredients.gyms.vary import Knob
from ingredients.study.own_import import FAILURES, in_short

NOT_FINITE = "gave a number that is not finite"
SEEDS = 2**24  # as many as a uniform in float32 tells apart


class Seen(NamedTuple):
    """What a lane shows: numbers `[O]`, reward, how its episode ended."""

    observation: NDArray[np.float32]
    reward: float = 0.0
    terminated: bool = False
    truncated: bool = False


class Lane:
    """One environment of a recipe, and where it is.

    Attributes:
        over: whether there is nothing to step: its episode has ended, or never began.
        raised: why it can no longer be trusted, since the last `take_raised`; None if it can.
    """

    def __init__(self, recipe: Recipe, knobs: tuple[Knob, ...]) -> None:
        """Makes the environment."""
        self._recipe, self._knobs = recipe, knobs
        self._drawn: dict[str, Any] = {}
        self._made: Environment = recipe.make()
        self.sight: Sight = sight_of(recipe.name, self._made.observation_space)
        self.reach: Reach = reach_of(recipe.name, self._made.action_space)
        self.over = True
        self.raised: str | None = None

    def reset(self, task: NDArray[Any], start: NDArray[Any]) -> Seen:
        """Returns what is seen at the start of an episode on a task."""
        uniform = start[0] if self._knobs else task[0]
        try:
            options = self._turn(task)
            observation, _ = self._made.reset(seed=int(float(uniform) * SEEDS), options=options)
            self.over = False
            return Seen(self.sight.read(observation))
        except FAILURES as error:
            return self._failed(error, "reset")

    def step(self, action: Any) -> Seen:  # noqa: ANN401 - of the environment's space
        """Returns what an action gives, where an episode is under way."""
        try:
            observation, reward, terminated, truncated, _ = self._made.step(action)
            self.over = bool(terminated or truncated)
            seen = self.sight.read(observation), float(reward), bool(terminated), bool(truncated and not terminated)
            return Seen(*seen)
        except FAILURES as error:
            return self._failed(error, "step")

    def refuse(self, what: str) -> Seen:
        """Ends the episode for a reason; returns what is shown of it."""
        self.over = True
        self.raised = self.raised or what
        return Seen(np.zeros(self.sight.size, np.float32), terminated=True)

    def close(self) -> None:
        """Closes the environment."""
        self._made.close()

    def _turn(self, task: NDArray[Any]) -> dict[str, Any] | None:
        """Makes the environment one of this task; returns the options of its reset."""
        drawn = {knob: knob.value(float(uniform)) for knob, uniform in zip(self._knobs, task, strict=False)}
        keywords = {knob.name: value for knob, value in drawn.items() if knob.kind == "keyword"}
        if keywords != self._drawn:
            self._made.close()
            self._made, self._drawn = self._recipe.make(keywords), keywords
        for knob, value in drawn.items():
            if knob.kind == "attribute":
                setattr(self._made.unwrapped, knob.name, value)
        return {knob.name: value for knob, value in drawn.items() if knob.kind == "option"} or None

    def _failed(self, error: BaseException, where: str) -> Seen:
        return self.refuse(f"{where} raised {in_short(error)}")
