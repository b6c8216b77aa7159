"""What is known of one route by which a cell's agents may have an ingredient (`routes`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ingredients.judgement.results import Interval


@dataclass(frozen=True)
class RouteResult:
    """One way by which the agents of a cell may have an ingredient, and what was measured of it (`routes`).

    Attributes:
        route: `shown`, `leaked`, `held in memory`, `environment` or `not needed by the task`.
        present: None where it was not measured, or its interval does not decide.
        measure: what the number is, or why there is none, in words.
        value: the number, with its interval.
    """

    route: str
    present: bool | None
    measure: str
    value: Interval

    def json(self) -> dict[str, Any]:
        """Returns route, present, measure, mean, low and high."""
        return {"route": self.route, "present": self.present, "measure": self.measure, **self.value.json()}
