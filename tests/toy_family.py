"""A toy family as somebody adds it: two files, a line, and a study on it; `python tests/toy_family.py` writes them."""

from __future__ import annotations

from pathlib import Path

SETTINGS = '''"""Settings of `ingredients.tasks.toy_bandit`."""

from __future__ import annotations

from typing import Literal

from ingredients.study.section import Episodes, Noise, TasksSection


class ToyBanditTasks(TasksSection):
    """Two arms, of which one always pays; an episode is a pull."""

    family: Literal["toy-bandit"]
    episodes: Episodes = 6
    action_noise: Noise = 0.0
'''
PROGRAM = '''"""Two arms: one always pays 1, the other 0. Nothing is leaked; there are two tasks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.study.families.toy_bandit import ToyBanditTasks
from ingredients.tasks.bandit import Bandit, any_arm, blank, of_arm, pull
from ingredients.tasks.family import Step


@dataclass(frozen=True)
class ToyBandit(Bandit):
    """ψ = what each arm pays, `[2]`."""

    episodes: int
    action_noise: float = ToyBanditTasks.default_of("action_noise")
    name = "toy-bandit"
    arms = 2
    noise_size = 2
    held_out = False

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, 2]` pay-offs."""
        return torch.nn.functional.one_hot(any_arm(torch.rand(count, generator=generator), 2), 2).float()

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pulls an arm; the noise decides on a slip."""
        arm = torch.where(noise[..., 0] < self.action_noise, any_arm(noise[..., 1], 2), action)
        return pull(state, arm, of_arm(tasks, arm), self.expected_reward(tasks, action), blank(tasks))
'''
LINE = '    ours("toy-bandit", "ToyBandit", references=False),\n'
STUDY = """name: toy
tasks: {family: toy-bandit}
ingredients: {reward_observation: [on], action_observation: [on], memory: [on], task_distribution: [on]}
seeds: 2
agent: {hidden: 16}
learner: {train_steps: 400, lifetimes: 8, minibatches: 1, epochs: 1}
evaluation: {tasks: 5, points: 2, tasks_at_points: 4, reactive_agents: 0}
"""


def add_to(checkout: Path) -> None:
    """Adds the family to a checkout, and a study on it."""
    package = checkout / "ingredients"
    (package / "study" / "families" / "toy_bandit.py").write_text(SETTINGS, encoding="utf-8")
    (package / "tasks" / "toy_bandit.py").write_text(PROGRAM, encoding="utf-8")
    families = package / "families.py"
    families.write_text(families.read_text(encoding="utf-8").replace("FAMILIES = (\n", f"FAMILIES = (\n{LINE}"))
    (checkout / "toy.yaml").write_text(STUDY, encoding="utf-8")


if __name__ == "__main__":
    add_to(Path.cwd())
