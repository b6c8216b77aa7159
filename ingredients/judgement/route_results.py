"""One route by which a cell's agents may have an ingredient (`routes`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ingredients.judgement.results import Interval


@dataclass(frozen=True)
class RouteResult:
    """A route and its measurement (docs/reports.md).

    Attributes:
        route: `shown`, `leaked`, `held in memory`, `environment` or `not needed by the task`.
        present: None if not decided.
        measure: what the number is, or why there is none.
    """

    route: str
    present: bool | None
    measure: str
    value: Interval

    def json(self) -> dict[str, Any]:
        """Returns its JSON."""
        return {"route": self.route, "present": self.present, "measure": self.measure, **self.value.json()}
