"""Makes spaces and shared generators repeatable, which `reset(seed)` does not seed."""

from __future__ import annotations

import random
import sys
from types import TracebackType
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from ingredients.boundary.guard import shared_luck

SEEDS = 2**32


class Luck:
    """One environment's random generators; `with luck:` they replace the shared ones."""

    def __init__(self) -> None:
        """Seeds them with 0, for the constructor."""
        self.seed(0)

    def seed(self, seed: int) -> None:
        """Seeds them for an episode."""
        self._python: Any = random.Random(seed).getstate()
        self._numpy: Any = np.random.RandomState(seed % SEEDS).get_state()
        torch = sys.modules.get("torch")
        self._torch = None if torch is None else torch.Generator().manual_seed(seed).get_state()

    def __enter__(self) -> Luck:
        self._ours = shared_luck()
        _put(self._python, self._numpy, self._torch)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._python, self._numpy, self._torch = shared_luck()
        _put(*self._ours)


def seed_spaces(environment: gymnasium.Env[Any, Any], seed: int) -> None:
    """Seeds all spaces of an environment and its wrappers, once."""
    seen: set[int] = set()
    layer: Any = environment
    while layer is not None:
        for space in (getattr(layer, "action_space", None), getattr(layer, "observation_space", None)):
            if isinstance(space, spaces.Space) and id(space) not in seen:
                seen.add(id(space))
                space.seed(seed)
        layer = getattr(layer, "env", None) if layer is not environment.unwrapped else None


def _put(python: Any, numpy: Any, torch_state: Any) -> None:  # noqa: ANN401 - states of three kinds
    random.setstate(python)
    np.random.set_state(numpy)
    torch = sys.modules.get("torch")
    if torch is not None and torch_state is not None:
        torch.set_rng_state(torch_state)
