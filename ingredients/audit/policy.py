"""A user's policy that plays instead of chance: a Stable-Baselines3 zip, or a stored run (docs/audit.md)."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ingredients.boundary.call import calling
from ingredients.errors import IngredientsError, UsageError
from ingredients.gyms.recipe import Environment
from ingredients.study.messages import one_line

ON_POLICY = "stable_baselines3.common.policies"
ALGORITHMS = {
    "stable_baselines3.dqn": "DQN",
    "stable_baselines3.sac": "SAC",
    "stable_baselines3.td3": "TD3",
    "sb3_contrib.common.recurrent": "RecurrentPPO",
    "sb3_contrib.qrdqn": "QRDQN",
    "sb3_contrib.tqc": "TQC",
}


@dataclass(frozen=True)
class Policy:
    """A path, a run's cell and seed, and a digest of the weights."""

    path: str
    cell: str | None
    seed: int
    digest: str

    @property
    def name(self) -> str:
        """Its name in a line."""
        name = Path(self.path).name
        return name if self.path.endswith(".zip") else f"{name}:{self.cell or 'its cell'}:{self.seed}"


class Player(Protocol):
    """Plays an episode."""

    def begins(self, seed: int) -> None:
        """Starts an episode; `seed` is for its random draws."""
        ...

    def acts(self, shown: Any, reward: float) -> Any:  # noqa: ANN401 - of the environment's spaces
        """Returns an action for what is shown and a reward (first 0)."""
        ...


def asked_for(path: Path | None, cell: str | None, seed: int | None) -> Policy | None:
    """Returns the policy that options name, or None.

    Raises:
        IngredientsError: options conflict, or there is no such policy.
    """
    if path is not None:
        return policy_of(path, cell, seed)
    if cell is not None or seed is not None:
        raise UsageError("--cell and --seed name a run in a results folder; give that folder as --policy")
    return None


def policy_of(path: Path, cell: str | None, seed: int | None) -> Policy:
    """Returns the policy that options name.

    Raises:
        IngredientsError: there is none or several, or options conflict.
    """
    if path.suffix == ".zip":
        if cell is not None or seed is not None:
            raise UsageError("--cell and --seed name a run in a results folder; a zip is one policy")
        _algorithm(path)
        return Policy(str(path.resolve()), None, 0, _digest(path))
    from ingredients.api.player import weights_path

    return Policy(str(path.resolve()), cell, seed or 0, _digest(weights_path(path, cell, seed or 0)))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def player(policy: Policy, made: Environment) -> Player:
    """Returns a policy's player in an environment.

    Raises:
        IngredientsError: it cannot be loaded, or has other spaces.
    """
    if policy.path.endswith(".zip"):
        return _Baseline(Path(policy.path), made)
    from ingredients.api.player import StoredPlayer, run_of

    return StoredPlayer(policy.name, run_of(Path(policy.path), policy.cell, policy.seed), made)


# Stable-Baselines3


def _algorithm(path: Path) -> tuple[str, str]:
    """Returns package and class of a zip's algorithm.

    Raises:
        IngredientsError: it is unknown, not of Stable-Baselines3, or not installed.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            told = json.loads(archive.read("data"))
        module = str(told["policy_class"]["__module__"])
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError):
        raise UsageError(f"{path}: is no policy that Stable-Baselines3 saved") from None
    name = next((name for begins, name in ALGORITHMS.items() if module.startswith(begins)), None)
    if module.startswith(ON_POLICY):
        name = "PPO" if "clip_range" in told else "A2C"
    if name is None:
        raise UsageError(
            f"{path}: policies of {module} are not known; known: PPO, A2C, {', '.join(ALGORITHMS.values())}"
        )
    package = "sb3_contrib" if module.startswith("sb3_contrib") else "stable_baselines3"
    if importlib.util.find_spec(package) is None:
        raise UsageError(f"{path}: a policy of {package}, which is not installed: pip install {package}")
    return package, name


class _Baseline:
    """A Stable-Baselines3 policy; actions are sampled as in training."""

    def __init__(self, path: Path, made: Environment) -> None:
        package, name = _algorithm(path)
        with calling(lambda raised: IngredientsError(f"{path}: cannot be loaded: {raised}")):
            self._model = getattr(importlib.import_module(package), name).load(path, device="cpu")
        for what, mine, theirs in (
            ("observations", self._model.observation_space, made.observation_space),
            ("actions", self._model.action_space, made.action_space),
        ):
            if mine != theirs:
                raise IngredientsError(
                    one_line(f"{path.name}: its {what} are of {mine}, the environment's of {theirs}")
                )
        self._state: Any = None
        self._starts = True

    def begins(self, seed: int) -> None:
        import torch

        torch.manual_seed(seed)
        self._state, self._starts = None, True

    def acts(self, shown: Any, reward: float) -> Any:  # noqa: ANN401 - of the environment's spaces
        start = np.array([self._starts])
        action, self._state = self._model.predict(shown, self._state, start, deterministic=False)
        self._starts = False
        return action
