"""The benchmarks' fixed workload (docs/design.md §9), also in other sizes; no torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ingredients.grid import Run, cells, runs
from ingredients.study import Study, parse_study


@dataclass(frozen=True)
class Workload:
    """A stack on 5 arms x 100 pulls, sixteen cells in turn; the defaults are the fixed workload."""

    runs: int = 16
    lifetimes: int = 32
    hidden: int = 64

    def data(self) -> dict[str, Any]:
        """Returns the study, with more steps than are timed."""
        return {
            "name": "bench",
            "tasks": {"family": "bernoulli-bandit", "arms": 5, "episodes": 100},
            "ingredients": {},
            "seeds": -(-self.runs // 16),
            "agent": {"memory": "gru", "hidden": self.hidden},
            "learner": {"lifetimes": self.lifetimes, "epochs": 4, "minibatches": 4, "train_steps": 10_000_000},
        }

    def study(self) -> Study:
        """Returns the validated study."""
        return parse_study(self.data(), "bench")

    def stack(self) -> tuple[Run, ...]:
        """Returns the runs of the stack."""
        study = self.study()
        assert len(cells(study)) == 16
        return runs(study)[: self.runs]

    def sizes(self) -> dict[str, int]:
        """Returns `runs`, `lifetimes` and `hidden` by name."""
        return asdict(self)
