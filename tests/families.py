"""Settings in which every task family is tried: each with whatever its switches change."""

from __future__ import annotations

from typing import Any

FAMILIES: dict[str, dict[str, Any]] = {
    "bernoulli-bandit": {"family": "bernoulli-bandit", "arms": 4, "episodes": 6},
    "bernoulli-bandit, noisy": {"family": "bernoulli-bandit", "arms": 3, "episodes": 6, "action_noise": 0.4},
    "bernoulli-bandit, forced": {"family": "bernoulli-bandit", "arms": 3, "episodes": 6, "forced_pulls": 2},
    "dependent-bandit": {"family": "dependent-bandit", "episodes": 6},
    "dependent-bandit, hard": {"family": "dependent-bandit", "episodes": 6, "difficulty": "hard"},
    "gaussian-bandit": {"family": "gaussian-bandit", "arms": 3, "episodes": 6},
    "restless-bandit": {"family": "restless-bandit", "episodes": 6},
    "informative-bandit": {"family": "informative-bandit", "episodes": 6},
    "informative-bandit, noisy": {"family": "informative-bandit", "episodes": 6, "action_noise": 0.3},
    "causal-bandit": {"family": "causal-bandit", "episodes": 6},
    "dark-room": {"family": "dark-room", "size": 4, "episodes": 5, "episode_steps": 6},
    "dark-room, open": {"family": "dark-room", "size": 3, "episodes": 5, "goal_shown": True, "random_start": True},
    "dark-room, ending": {"family": "dark-room", "size": 3, "episodes": 6, "ends_at_goal": True},
    "dark-room, one maze": {"family": "dark-room", "size": 5, "episodes": 5, "walls": "fixed", "maze": 3},
    "dark-room, mazes": {"family": "dark-room", "size": 5, "episodes": 5, "walls": "random"},
    "interval-reproduction": {"family": "interval-reproduction", "episodes": 5},
    "track-bandit": {"family": "track-bandit", "episodes": 6, "squares": 4},
    "track-bandit, unseen": {"family": "track-bandit", "episodes": 6, "position_shown": False},
    "interval-reproduction, no clock": {"family": "interval-reproduction", "episodes": 6, "position_shown": False},
    "memory-planning": {"family": "memory-planning", "episodes": 5, "episode_steps": 6},
    "memory-planning, open": {"family": "memory-planning", "episodes": 5, "size": 3, "walls": 0},
    "tabular-mdp": {"family": "tabular-mdp", "states": 4, "actions": 3, "episodes": 5, "episode_steps": 4},
    "two-step": {"family": "two-step", "episodes": 6},
    "two-step, reversing": {"family": "two-step", "episodes": 6, "common": 0.8, "reversal": 0.2},
}
