"""A guarded environment for an audit: observations and actions as numbers, seeded luck.

Errors and broken contracts raise. Resets also seed the process's shared generators.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from ingredients.audit.flatten import action_reader, reader
from ingredients.boundary import answers
from ingredients.boundary.failures import Unfit
from ingredients.boundary.luck import SEEDS
from ingredients.decoding.played import Numbers
from ingredients.gyms.recipe import Recipe, close


class Made:
    """An environment; `shown` is the last raw observation, `act` converts actions to numbers."""

    def __init__(self, recipe: Recipe) -> None:
        """Makes it.

        Raises:
            IngredientsError: it cannot be made, or has unsupported spaces.
        """
        self.environment = recipe.make()
        self.actions = self.environment.action_space
        self._see = reader(self.environment.observation_space)
        self.shown: Any = None
        self.act = action_reader(self.actions)

    def reset(self, seed: int) -> Numbers:
        """Returns the seed's first observation, `[O]`."""
        _seed_shared(seed)
        self.shown = answers.of_reset(self.environment.reset(seed=seed))
        return self._finite(self._see(self.shown))

    def step(self, action: Any) -> tuple[Numbers, float, bool]:  # noqa: ANN401 - of its space
        """Returns observation, reward, and whether the episode is over."""
        self.shown, reward, terminated, truncated, _ = answers.of_step(self.environment.step(action))
        paid = answers.number(reward)
        over = answers.flag("terminated", terminated)
        over = answers.flag("truncated", truncated) or over
        return self._finite(self._see(self.shown)), float(self._finite(np.array(paid))), over

    def give_luck(self, seed: int) -> None:
        """Reseeds the environment's generator and shared ones, if within reach."""
        _seed_shared(seed)
        if hasattr(self.environment.unwrapped, "np_random"):
            self.environment.unwrapped.np_random = np.random.default_rng(seed)

    def close(self) -> None:
        """Closes it."""
        close(self.environment)

    @staticmethod
    def _finite(numbers: Numbers) -> Numbers:
        if not np.isfinite(numbers).all():
            raise Unfit("a number that is not finite")
        return numbers


def _seed_shared(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed % SEEDS)
