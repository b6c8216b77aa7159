"""The list of shipped studies."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from ingredients.study.files import load_study, published_report, shipped_files
from ingredients.study.levels import INGREDIENTS
from ingredients.study.models import Study

STEPS_PER_CORE_SECOND = 80_000  # trained and evaluated, of a study on bandits with a GRU of 64 units
# how many times slower a step is; measured, or from the measured speed of their memory and sizes
_SLOWER = {
    "cartpole-hidden": 21.0,  # an evaluation takes longer than its training; references are trained, too
    "dynamic-tiger": 4.4,
    "dynamic-tiger-predicting": 4.4,
    "memories": 3.6,
    "memory-planning": 6.9,
    "minigrid-hidden": 30.0,  # the environment itself takes a tenth of a millisecond a step
    "pendulum-hidden": 15.0,
    "tabular-mdp": 4.5,
    "duan-bandits-5x500": 1.4,
    "duan-bandits-50x100": 1.4,
}


@dataclass(frozen=True)
class ShippedStudy:
    """A study that is shipped."""

    study: Study

    @property
    def runs(self) -> int:
        """Number of runs."""
        levels = (len(self.study.ingredients.levels(ingredient)) for ingredient in INGREDIENTS)
        return math.prod(levels) * self.study.seeds.count

    @property
    def steps(self) -> int:
        """Environment steps of training all runs."""
        return self.runs * self.study.learner.train_steps

    @property
    def core_hours(self) -> float:
        """Approximate hours of one core, evaluation included."""
        return self.steps * _SLOWER.get(self.study.name, 1.0) / STEPS_PER_CORE_SECOND / 3600

    @property
    def found(self) -> str | None:
        """First sentence of its published report; installations have none."""
        path = published_report(self.study.name)
        if not path.is_file():
            return None
        said = str(json.loads(path.read_text(encoding="utf-8"))["sentence"])
        return re.split(r"(?<=[.?!]) (?=[A-Z])", said)[0]

    def row(self) -> dict[str, Any]:
        """Returns the study's row in the list."""
        return {
            "name": self.study.name,
            "question": self.study.question,
            "runs": self.runs,
            "steps": self.steps,
            "core_hours": round(self.core_hours, 3),
            "found": self.found,
        }


def shipped_studies() -> list[ShippedStudy]:
    """Returns them by name."""
    return [ShippedStudy(load_study(path)) for path in shipped_files()]
