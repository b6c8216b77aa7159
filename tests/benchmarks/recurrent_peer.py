"""The peer of `recurrent_ppo`: RecurrentPPO of sb3-contrib on our bandit, in one process on one core.

Comes in: a core, a variant, seconds. Goes out: env steps and seconds of training.

Its Gymnasium episode is a lifetime of 100 pulls, since it resets its memory at each episode's end; a rollout of 100
steps of 32 environments is then 32 whole lifetimes, as ours is. LSTM 64, 4 epochs of 4 minibatches, one thread,
nothing logged, environments stepped in the same process. Three variants:

| variant   | policy                                                | environments                               |
|-----------|-------------------------------------------------------|--------------------------------------------|
| `default` | as it comes: a critic with an LSTM of its own         | 32 of our Gymnasium ones in `DummyVecEnv`  |
| `cheap`   | no layer but LSTM and heads, the critic reads the     | the same                                   |
|           | actor's LSTM and sends no gradient into it            |                                            |
| `batched` | as `cheap`                                            | one `VecEnv`, 32 bandits in NumPy at once, |
|           |                                                       | so that only the learner is compared       |
"""

from __future__ import annotations

import functools
from typing import Any, Literal, SupportsFloat

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from .part import stay_on, timed

ARMS, PULLS, LIFETIMES, HIDDEN, EPOCHS, MINIBATCHES = 5, 100, 32, 64, 4, 4
FEATURES = 5 + ARMS  # lifetime start, episode start, r_{t-1}, shown, a_{t-1} (one-hot), shown
Variant = Literal["default", "cheap", "batched"]
CHEAP = {"net_arch": [], "shared_lstm": True, "enable_critic_lstm": False}
Observation = NDArray[np.float32]


def train(core: int, variant: Variant, seconds: float) -> dict[str, float]:
    """Returns `env_steps` and `seconds` of training for about `seconds`, at least one update (runs inside a worker).

    The first call makes the model and trains one update that is not counted. `core` is the one to stay on.
    """
    stay_on(core)
    model = _model(variant)

    def learn() -> None:
        model.learn(PULLS * LIFETIMES, reset_num_timesteps=False, log_interval=None)

    return timed(learn, PULLS * LIFETIMES, seconds)


@functools.cache
def _model(variant: Variant) -> Any:  # noqa: ANN401 - the peer's, which is not always installed
    import torch
    from sb3_contrib import RecurrentPPO

    torch.set_num_threads(1)
    model = RecurrentPPO(
        "MlpLstmPolicy",
        _batched() if variant == "batched" else _dummy(),
        n_steps=PULLS,
        batch_size=PULLS * LIFETIMES // MINIBATCHES,
        n_epochs=EPOCHS,
        policy_kwargs={"lstm_hidden_size": HIDDEN, **({} if variant == "default" else CHEAP)},
        device="cpu",
        seed=0,
    )
    model.learn(PULLS * LIFETIMES, log_interval=None)
    return model


# Environments


class Lifetimes(gymnasium.Wrapper[Observation, np.int64, Observation, np.int64]):
    """A bandit whose episode is a lifetime, and whose observation is the RL² input without the constant column."""

    def __init__(self, env: gymnasium.Env[Observation, np.int64]) -> None:
        super().__init__(env)
        self.observation_space = spaces.Box(0.0, 1.0, (FEATURES,), np.float32)
        self._pulls = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Returns the first input of a lifetime on a fresh task."""
        self.env.reset(seed=seed, options={"new_task": True})
        self._pulls = 0
        first = np.zeros(FEATURES, np.float32)
        first[:2] = 1.0
        return first, {}

    def step(self, action: np.int64) -> tuple[Observation, SupportsFloat, bool, bool, dict[str, Any]]:
        """Pulls an arm; the lifetime terminates with its last pull."""
        _, reward, _, _, _ = self.env.step(action)
        self._pulls += 1
        if self._pulls < PULLS:
            self.env.reset()
        after = np.zeros(FEATURES, np.float32)
        after[1], after[2], after[3], after[4 + action], after[-1] = 1.0, float(reward), 1.0, 1.0, 1.0
        return after, reward, self._pulls == PULLS, False, {}


def _dummy() -> Any:  # noqa: ANN401 - the peer's
    from stable_baselines3.common.vec_env import DummyVecEnv

    return DummyVecEnv([lambda: Lifetimes(gymnasium.make("ingredients/BernoulliBandit-v0", arms=ARMS).unwrapped)] * 32)


def _batched() -> Any:  # noqa: ANN401 - the peer's
    from stable_baselines3.common.vec_env import VecEnv

    class Bandits(VecEnv):  # type: ignore[misc]
        """All lifetimes at once; they begin and end together."""

        def __init__(self) -> None:
            super().__init__(LIFETIMES, spaces.Box(0.0, 1.0, (FEATURES,), np.float32), spaces.Discrete(ARMS))
            self._random = np.random.default_rng(0)

        def reset(self) -> Observation:
            self._task = self._random.random((LIFETIMES, ARMS))
            self._pulls = 0
            first = np.zeros((LIFETIMES, FEATURES), np.float32)
            first[:, :2] = 1.0
            return first

        def step_async(self, actions: NDArray[np.int64]) -> None:
            self._actions = actions

        def step_wait(self) -> tuple[Observation, NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
            lanes, paying = np.arange(LIFETIMES), self._random.random(LIFETIMES)
            reward = (paying < self._task[lanes, self._actions]).astype(np.float32)
            self._pulls += 1
            after = np.zeros((LIFETIMES, FEATURES), np.float32)
            after[:, (1, 3, -1)] = 1.0
            after[:, 2] = reward
            after[lanes, 4 + self._actions] = 1.0
            ends = self._pulls == PULLS
            infos: list[dict[str, Any]] = [{"terminal_observation": row} if ends else {} for row in after]
            return self.reset() if ends else after, reward, np.full(LIFETIMES, ends), infos

        def close(self) -> None: ...

        def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:  # noqa: ANN401
            return [None] * LIFETIMES

        def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None: ...  # noqa: ANN401

        def env_method(self, method_name: str, *args: Any, indices: Any = None, **named: Any) -> list[Any]:  # noqa: ANN401
            return [None] * LIFETIMES

        def env_is_wrapped(self, wrapper_class: type[Any], indices: Any = None) -> list[bool]:  # noqa: ANN401
            return [False] * LIFETIMES

    return Bandits()
