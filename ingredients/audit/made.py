"""One environment as an audit steps it: observations and actions as numbers, luck that can be given, guarded calls.

What it raises, or returns against the contract, is an exception that the player counts: nothing here repairs
anything. The generators that a process shares are seeded with every reset, since some environments draw from them;
the player keeps ours (`boundary.guard`), once for all steps: at each it would take longer than most steps do.
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
    """An environment of a recipe.

    Attributes:
        environment: as it was made.
        actions: the space of its actions.
        shown: what it showed last, as it is.
        act: what makes numbers of an action.
    """

    def __init__(self, recipe: Recipe) -> None:
        """Makes it.

        Raises:
            IngredientsError: it cannot be made, or its spaces are not supported.
        """
        self.environment = recipe.make()
        self.actions = self.environment.action_space
        self._see = reader(self.environment.observation_space)
        self.shown: Any = None
        self.act = action_reader(self.actions)

    def reset(self, seed: int) -> Numbers:
        """Returns what is seen at the start of the episode of this seed, `[O]`."""
        _seed_shared(seed)
        self.shown = answers.of_reset(self.environment.reset(seed=seed))
        return self._finite(self._see(self.shown))

    def step(self, action: Any) -> tuple[Numbers, float, bool]:  # noqa: ANN401 - of its space
        """Returns what is seen then, what was paid, and whether the episode is over."""
        self.shown, reward, terminated, truncated, _ = answers.of_step(self.environment.step(action))
        paid = answers.number(reward)
        over = answers.flag("terminated", terminated)
        over = answers.flag("truncated", truncated) or over
        return self._finite(self._see(self.shown)), float(self._finite(np.array(paid))), over

    def give_luck(self, seed: int) -> None:
        """Puts other generators in the place of its own, where they can be reached."""
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
