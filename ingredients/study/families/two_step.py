"""Settings of `ingredients.tasks.two_step`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator

from ingredients.study import fields
from ingredients.study.levels import Ingredient
from ingredients.study.section import Episodes, TasksSection


class TwoStepTasks(TasksSection):
    """The choice of a ship, which mostly reaches its own planet, and that planet's reward; an episode is two steps."""

    analysis: ClassVar[str] = (
        "Repeated choices by reward and transition: the interaction is task-structure inference "
        "(model-free agents with the right state can show it too: Akam et al. 2015)"
    )

    unneeded: ClassVar[tuple[Ingredient, ...]] = ("action_observation",)

    family: Literal["two-step"]
    episodes: Episodes
    common: Annotated[float, BeforeValidator(fields.number(0.5, 1))] = 0.75
    rewarded: Annotated[float, BeforeValidator(fields.number(0.5, 1))] = 0.9
    reversal: Annotated[float, BeforeValidator(fields.number(0, 0.5))] = 0.0

    def without_values(self) -> str | None:
        """Returns why the belief is no function of counts, or None."""
        if self.reversal:
            return "planets swap, so that the order of the past matters; set tasks.reversal to 0"
        return None

    def not_applicable(self, gain_above: float) -> str | None:
        """Returns why: no ship is better, or not beyond an episode."""
        for name in ("common", "rewarded", "reversal"):
            if getattr(self, name) == 0.5:
                return f"with {name} 0.5 nothing that an episode tells is worth anything in the next"
        return None
