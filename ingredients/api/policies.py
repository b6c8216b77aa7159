"""Other people's policies (docs/api.md): their input, their output, and how they take an agent's place.

A policy's state is a tuple of arrays `[N, ...]`, all that it remembers.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import torch

from ingredients.errors import UsageError

Numbers = npt.NDArray[Any]
PolicyState = tuple[Numbers, ...]
NEEDS_SB3 = "stable-baselines3 is not installed; pip install sb3-contrib -c constraints.txt"


@dataclass(frozen=True)
class PolicyInput:
    """What N lanes see at a step.

    Attributes:
        observation: `[N, observation_size]`.
        reward: r_{t-1} as the channel shows it, `[N]`; 0 at a lifetime's start.
        action: a_{t-1} as carried out, `[N]` (int64); −1 at a lifetime's start and where not shown.
        lifetime_start, episode_start: `[N]` (bool).
        columns: all this with both channels, as `ingredients.wrappers` appends it, `[N, F]`.
    """

    observation: Numbers
    reward: Numbers
    action: Numbers
    lifetime_start: npt.NDArray[np.bool_]
    episode_start: npt.NDArray[np.bool_]
    columns: npt.NDArray[np.float32]


@runtime_checkable
class UserPolicy(Protocol):
    """A policy with a state."""

    def initial_state(self, lanes: int) -> PolicyState:
        """Returns the state at a lifetime's start."""
        ...

    def act(self, state: PolicyState, seen: PolicyInput) -> tuple[Numbers, PolicyState]:
        """Returns probabilities `[N, A]` and next state, without changing arguments."""
        ...


@dataclass(frozen=True)
class Reaction:
    """A policy without a state: `react` returns probabilities `[N, A]`."""

    react: Callable[[PolicyInput], Numbers]

    def initial_state(self, lanes: int) -> PolicyState:
        """Returns an empty state."""
        return ()

    def act(self, state: PolicyState, seen: PolicyInput) -> tuple[Numbers, PolicyState]:
        """Returns each action's probability, `[N, A]`."""
        return self.react(seen), ()


class SB3Policy:
    """A model of Stable-Baselines3 or sb3-contrib trained on `ingredients.wrappers`."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - of a library that need not be installed
        """Takes a loaded model (`load_sb3`).

        Raises:
            UsageError: its actions are not discrete.
        """
        self._policy = model.policy
        self._policy.set_training_mode(False)
        if not hasattr(model.action_space, "n"):
            raise UsageError(f"sb3: only choices can be played, the model has {model.action_space}")
        self._width = model.observation_space.shape[0]
        self._actions = int(model.action_space.n)
        self._lstm = getattr(self._policy, "lstm_actor", None)

    def initial_state(self, lanes: int) -> PolicyState:
        """Returns the actor LSTM's h and c, `[N, layers, H]`; nothing if feedforward."""
        if self._lstm is None:
            return ()
        blank = np.zeros((lanes, self._lstm.num_layers, self._lstm.hidden_size), np.float32)
        return blank, blank.copy()

    @torch.no_grad()
    def act(self, state: PolicyState, seen: PolicyInput) -> tuple[Numbers, PolicyState]:
        """Returns probabilities `[N, A]` and the next h and c."""
        shown = torch.from_numpy(self._observation(seen)).to(self._policy.device)
        if self._lstm is None:
            return self._policy.get_distribution(shown).distribution.probs.cpu().numpy(), ()
        carried = tuple(torch.from_numpy(part).transpose(0, 1).contiguous() for part in state)
        starts = torch.from_numpy(seen.lifetime_start.astype(np.float32))
        distribution, after = self._policy.get_distribution(shown, carried, starts)
        return distribution.distribution.probs.cpu().numpy(), tuple(part.transpose(0, 1).numpy() for part in after)

    def _observation(self, seen: PolicyInput) -> npt.NDArray[np.float32]:
        """Returns the columns that the model was trained on."""
        size = seen.observation.shape[1] + 2
        whole = seen.columns.shape[1]
        reward, action = slice(size, size + 2), slice(size + 2, whole)
        parts = {
            whole: seen.columns,
            size: seen.columns[:, :size],
            size + 2: seen.columns[:, : reward.stop],
            whole - 2: np.concatenate([seen.columns[:, :size], seen.columns[:, action]], axis=1),
        }
        if self._width not in parts:
            widths = ", ".join(map(str, sorted(parts)))
            raise UsageError(f"sb3: the model reads {self._width} numbers; on these tasks the wrappers show {widths}")
        return np.ascontiguousarray(parts[self._width])


def load_sb3(path: str | Path) -> SB3Policy:
    """Returns the policy in a Stable-Baselines3 file, recurrent or not (docs/api.md).

    Raises:
        UsageError: the library is missing, or the file no model of PPO or RecurrentPPO.
    """
    tried = []
    for module, name in (("sb3_contrib", "RecurrentPPO"), ("stable_baselines3", "PPO")):
        if importlib.util.find_spec(module) is None:
            continue
        try:
            return SB3Policy(getattr(importlib.import_module(module), name).load(str(path), device="cpu"))
        except FileNotFoundError:
            raise UsageError(f"{path}: no such file") from None
        except Exception as error:
            tried.append(f"{name}: {type(error).__name__}")
    raise UsageError(f"{path}: {'no model that can be read (' + '; '.join(tried) + ')' if tried else NEEDS_SB3}")


def as_policy(given: Any) -> UserPolicy:  # noqa: ANN401 - whatever the user has
    """Returns a policy, made of a function if given one.

    Raises:
        UsageError: it is neither.
    """
    if isinstance(given, UserPolicy):
        return given
    if callable(given):
        return Reaction(given)
    raise UsageError(f"evaluate: {type(given).__name__} is neither a policy (initial_state, act) nor a function")
