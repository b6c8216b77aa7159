"""The small study on which the Python API and its commands are tried, with every kind of memory."""

from __future__ import annotations

from typing import Any

ARMS, PULLS = 2, 10
DATA: dict[str, Any] = {
    "name": "small",
    "tasks": {"family": "bernoulli-bandit", "arms": ARMS, "episodes": PULLS},
    "ingredients": {"reward_observation": [True], "action_observation": [True], "task_distribution": [True]},
    "seeds": 1,
    "agent": {"hidden": 16},
    "learner": {"train_steps": 6_000},
    "evaluation": {"tasks": 1000, "tasks_at_points": 64, "points": 3},
}
KINDS = ["gru", "lstm", "fast-weights", "transitions", "transformer", "window"]
MEMORIES = {"ingredients.memory": [False, True, *KINDS[1:]]}
