"""What is learned on environments of others, beside PPO of Stable-Baselines3: `python -m tests.benchmarks.others`.

Comes in: ids out of `STEPS`, all where none is named; `--seed`; `--only ours` or `--only ppo`. Goes out: for each id a
line, the mean return of an episode of both, after as many acted steps, over at least 100 new episodes with actions
drawn. Both learners have their defaults: ours the cell with all ingredients and fresh starts, PPO rollouts of its 2,048
steps from eight environments, an MLP, and on boxes of MuJoCo its `VecNormalize`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

STEPS = {
    "CartPole-v1": 200_000,
    "Acrobot-v1": 400_000,
    "Pendulum-v1": 400_000,
    "FrozenLake-v1": 1_000_000,
    "MiniGrid-MemoryS7-v0": 600_000,
    "LunarLander-v3": 1_500_000,
    "HalfCheetah-v5": 1_500_000,
}
EPISODES = 100
ENVIRONMENTS = 8


def ours(name: str, steps: int, seed: int) -> float:
    """Returns the mean return of an episode of our full cell."""
    import ingredients as ing

    on = {each: [True] for each in ("reward_observation", "action_observation", "memory", "task_distribution")}
    data = {
        "name": "others",
        "tasks": {"gymnasium": f"minigrid:{name}" if name.startswith("MiniGrid") else name, "episodes": 5},
        "ingredients": on,
        "learner": {"train_steps": steps},
        "seeds": {"first": seed, "count": 1},
        "evaluation": {"tasks": EPISODES, "points": 2, "tasks_at_points": 20, "reactive_agents": 0},
    }
    with tempfile.TemporaryDirectory() as folder:
        result = ing.run_grid(ing.Study.load(data), Path(folder) / "others", progress=False)
        curves = result.curves()
    last = curves[(curves["probe"] == "none") & (curves["train_step"] == curves["train_step"].max())]
    return float(last["return"].mean())


def ppo(name: str, steps: int, seed: int) -> float:
    """Returns the same of PPO."""
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv, VecNormalize

    torch.set_num_threads(1)
    world: VecEnv = DummyVecEnv([lambda: made(name)] * ENVIRONMENTS)
    if name == "HalfCheetah-v5":
        world = VecNormalize(world)
    agent = PPO("MlpPolicy", world, n_steps=2048 // ENVIRONMENTS, seed=seed, device="cpu")
    agent.learn(steps)
    if isinstance(world, VecNormalize):
        world.training, world.norm_reward = False, False
    returns: list[float] = []
    world.seed(seed + 10_000)
    seen, earned = world.reset(), np.zeros(ENVIRONMENTS)
    while len(returns) < EPISODES:
        action, _ = agent.predict(seen, deterministic=False)
        seen, reward, done, _ = world.step(action)
        earned += reward
        returns += earned[done].tolist()
        earned[done] = 0.0
    return float(np.mean(returns))


def made(name: str) -> gymnasium.Env[Any, Any]:
    """Returns the environment as PPO can read it: MiniGrid's picture of symbols as a flat box."""
    if not name.startswith("MiniGrid"):
        return gymnasium.make(name)
    import minigrid  # noqa: F401 - it names its environments
    from minigrid.wrappers import ImgObsWrapper

    return gymnasium.wrappers.FlattenObservation(ImgObsWrapper(gymnasium.make(name)))  # type: ignore[no-untyped-call]


def main() -> None:
    """Prints a line of JSON for each environment and learner."""
    parser = argparse.ArgumentParser(description="returns on environments of others, beside PPO")
    parser.add_argument("ids", nargs="*", default=list(STEPS), help="out of the table's (all)")
    parser.add_argument("--seed", type=int, default=1, help="of training (%(default)s)")
    parser.add_argument("--only", choices=["ours", "ppo"], help="one learner (both)")
    parser.add_argument("--steps", type=int, help="acted steps (the table's)")
    options = parser.parse_args()
    for name in options.ids:
        for learner in (ours, ppo):
            if options.only in (None, learner.__name__):
                steps, began = options.steps or STEPS[name], time.monotonic()
                told = {"id": name, "learner": learner.__name__, "steps": steps, "seed": options.seed}
                told["return"] = round(learner(name, steps, options.seed), 3)
                print(json.dumps(told | {"seconds": round(time.monotonic() - began, 1)}), flush=True)


if __name__ == "__main__":
    main()
