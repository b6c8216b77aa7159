"""Settings of `ingredients.tasks.informative_bandit`."""

from __future__ import annotations

from typing import Literal

from ingredients.study.section import Episodes, Noise, TasksSection


class InformativeBanditTasks(TasksSection):
    """Eleven arms, one of which tells the best other arm; an episode is a pull."""

    family: Literal["informative-bandit"]
    episodes: Episodes
    action_noise: Noise = 0.0

    def not_applicable(self, gain_above: float) -> str | None:
        """Returns why, where few pulls slip: memory is worth `action_noise` of the late score."""
        if self.action_noise > gain_above:
            return None
        return (
            f"with action_noise {self.action_noise:g} memory is worth {self.action_noise:g} of the score (the last "
            f"step tells the rest), and criterion.gain_above asks for more than {gain_above:g}; raise action_noise"
        )
