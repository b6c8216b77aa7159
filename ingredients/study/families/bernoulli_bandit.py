"""Settings of `ingredients.tasks.bernoulli_bandit`."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, model_validator

from ingredients.study import fields
from ingredients.study.section import Arms, Episodes, Noise, TasksSection

MOST_EXACT_STATES = 6_000_000
"""States up to which values are exact: 2 arms × 107 pulls, 3 × 36, 5 × 16, 10 × 8; seconds, and below 1.5 GiB."""
MOST_PAIRED_ARMS, MOST_PAIRED_PULLS = 10, 100
"""Size up to which values by pairs of arms take their place (`inner.pair_values`): some 8 seconds and 1.2 GiB."""


class BernoulliBanditTasks(TasksSection):
    """Independent Bernoulli arms; an episode is a pull."""

    family: Literal["bernoulli-bandit"]
    arms: Arms
    episodes: Episodes
    action_noise: Noise = 0.0
    forced_pulls: Annotated[int, BeforeValidator(fields.whole(0, 9_999))] = 0

    @model_validator(mode="after")
    def _some_pulls_are_free(self) -> Self:
        if self.forced_pulls >= self.episodes:
            allowed = f"0 to {self.episodes - 1}, fewer than tasks.episodes (the verdict's early part is a fifth)"
            raise fields.mistake("leave no pull to the agent", self.forced_pulls, allowed, keys=("forced_pulls",))
        return self

    def without_values(self) -> str | None:
        """Returns why values are neither exact nor known by pairs of arms."""
        if self.forced_pulls:
            return "pulls are forced; set tasks.forced_pulls to 0"
        exact = math.comb(self.episodes + 2 * self.arms, self.episodes) <= MOST_EXACT_STATES
        if exact or (self.arms <= MOST_PAIRED_ARMS and self.episodes <= MOST_PAIRED_PULLS):
            return None
        allowed = (
            f"at most {MOST_PAIRED_ARMS} arms and {MOST_PAIRED_PULLS} pulls, or few enough counts for exact values"
        )
        return f"it has {self.arms} arms and {self.episodes} pulls; allowed: {allowed}"
