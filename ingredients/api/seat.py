"""A stored agent's place in a Gymnasium environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from ingredients.errors import UsageError
from ingredients.gyms.actions import Reach, reach_of
from ingredients.gyms.recipe import Environment
from ingredients.gyms.spaces import Sight, sight_of
from ingredients.gyms.symbols import known
from ingredients.tasks.family import Family
from ingredients.tasks.gymnasium_family import GymnasiumFamily


@dataclass(frozen=True, eq=False)
class Seat:
    """`sight` converts observations to numbers, `reach` choices and vectors to actions.

    Gymnasium environments are scaled as in training.
    """

    family: Family
    sight: Sight
    reach: Reach
    space: gymnasium.Space[Any]

    def read(self, shown: Any) -> npt.NDArray[np.float32]:  # noqa: ANN401 - of the environment's space
        """Returns the numbers `[O]` that the agent sees."""
        numbers: npt.NDArray[np.float32] = self.sight.read(shown)
        return self.family.scales.shown(numbers) if isinstance(self.family, GymnasiumFamily) else numbers

    def taken(self, chosen: Any) -> Any:  # noqa: ANN401 - as the agent gave it
        """Returns the environment's action for one lane's choice or vector."""
        if self.family.continuous and not isinstance(self.family, GymnasiumFamily):
            return np.clip(chosen, self.space.low, self.space.high)  # type: ignore[attr-defined]  # a Box, as ours have
        return self.reach.taken(np.asarray(chosen).reshape(1, -1))[0]


def seat_of(name: str, family: Family, environment: Environment) -> Seat:
    """Returns an agent's place in an environment; `name` is for messages.

    Raises:
        StudyError: unsupported spaces.
        UsageError: the agent was trained with other observations or actions.
    """
    sight = sight_of(name, environment.observation_space, known(environment))
    reach = reach_of(name, environment.action_space)
    mine = family.observation_size, family.actions, family.continuous
    theirs = sight.size, reach.actions, reach.continuous
    if mine != theirs:
        trained, has = (
            f"{shown} observed numbers, {count} {'numbers' if vectors else 'choices'}"
            for shown, count, vectors in (mine, theirs)
        )
        raise UsageError(f"{name}: an agent of {trained}; the environment has {has}")
    return Seat(family, sight, reach, environment.action_space)
