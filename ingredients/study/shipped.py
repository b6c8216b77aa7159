"""The studies that are shipped with the package, as a list to choose from.

Comes in: nothing. Goes out: what each asks, and how large it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ingredients.study.files import load_study, shipped_files
from ingredients.study.levels import INGREDIENTS
from ingredients.study.models import Study


@dataclass(frozen=True)
class ShippedStudy:
    """A study that is shipped."""

    study: Study

    @property
    def runs(self) -> int:
        """How many runs it has."""
        levels = (len(self.study.ingredients.levels(ingredient)) for ingredient in INGREDIENTS)
        return math.prod(levels) * self.study.seeds.count

    def row(self) -> dict[str, Any]:
        """Returns its name, its question, how many runs it has, and the steps that all of them are trained on."""
        question, name = self.study.question, self.study.name
        return {
            "name": name,
            "question": question,
            "runs": self.runs,
            "steps": self.runs * self.study.learner.train_steps,
        }


def shipped_studies() -> list[ShippedStudy]:
    """Returns them by name."""
    return [ShippedStudy(load_study(path)) for path in shipped_files()]
