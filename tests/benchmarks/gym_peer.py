"""What `gym_speed` times, each in one process on one core: environments alone, our learner, and those of SB3.

Comes in: a core, an id, seconds. Goes out: steps that were acted and the seconds that they took. The first call makes
everything and trains one update that is not counted.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, Literal

import gymnasium

from .part import stay_on, timed

ENVIRONMENTS = 8
ROLLOUT = 2048  # steps of an update, SB3's default; ours is of as many
Peer = Literal["ppo", "recurrent_ppo"]


def alone(core: int, name: str, seconds: float) -> dict[str, float]:
    """Steps the environment with random actions; it is reset where an episode ends."""
    stay_on(core)
    env = gymnasium.make(name)
    env.reset(seed=0)
    env.action_space.seed(0)
    actions = [env.action_space.sample() for _ in range(ROLLOUT)]

    def play() -> None:
        for action in actions:
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()

    return timed(play, ROLLOUT, seconds)


def ours(core: int, name: str, runs: int, seconds: float) -> dict[str, float]:
    """Trains one run of each of the first cells with memory as one stack; the first has all ingredients."""
    stay_on(core)
    updates = _updates(name, runs)
    return timed(lambda: next(updates), runs * ROLLOUT, seconds)


def peer(core: int, name: str, which: Peer, seconds: float) -> dict[str, float]:
    """Trains an agent of Stable-Baselines3 by its defaults, but for eight environments and shorter rollouts of each."""
    stay_on(core)
    model = _model(name, which)

    def learn() -> None:
        model.learn(ROLLOUT, reset_num_timesteps=False, log_interval=None)

    return timed(learn, ROLLOUT, seconds)


@functools.cache
def _updates(name: str, runs: int) -> Iterator[object]:
    """Returns a training that goes on from call to call, one update after its start."""
    from ingredients.grid import Run, cells
    from ingredients.study import parse_study
    from ingredients.training.trainer import begin_training, prepare, train

    levels = [True, False]
    on = dict.fromkeys(("reward_observation", "action_observation", "task_distribution"), levels)
    tasks = {"gymnasium": name, "episodes": 5}
    study = parse_study(
        {"name": "speed", "tasks": tasks, "ingredients": {**on, "memory": [True]}, "learner": {"train_steps": 10**9}},
        "speed",
    )
    setup = prepare(study, tuple(Run(cell, 0) for cell in cells(study)[:runs]))
    assert setup.steps_per_update == ROLLOUT
    updates = train(setup, begin_training(setup))
    next(updates)
    return updates


@functools.cache
def _model(name: str, which: Peer) -> Any:  # noqa: ANN401 - the peer's, which is not always installed
    import torch
    from sb3_contrib import RecurrentPPO
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import DummyVecEnv

    torch.set_num_threads(1)
    world = DummyVecEnv([lambda: gymnasium.make(name)] * ENVIRONMENTS)
    settings: dict[str, Any] = {"n_steps": ROLLOUT // ENVIRONMENTS, "seed": 0, "device": "cpu"}
    model = PPO("MlpPolicy", world, **settings)
    if which == "recurrent_ppo":
        model = RecurrentPPO("MlpLstmPolicy", world, **settings)
    model.learn(ROLLOUT, log_interval=None)
    return model
