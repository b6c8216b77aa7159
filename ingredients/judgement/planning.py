"""Claim 6 over runs: signs of planning and the verdict (docs/planning.md).

A sign is also `open` if idle ticks matter with a frozen state, or cause's positive control fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import numpy as np

from ingredients.inner.names import BLIND, PLANNERS
from ingredients.judgement.inner import Measured, misled
from ingredients.judgement.results import Interval
from ingredients.judgement.statistics import t_interval
from ingredients.judgement_input.curves import CellInput

Sign = Literal["composition", "devaluation", "computation", "content", "cause"]
SIGNS: Final[tuple[Sign, ...]] = get_args(Sign)
BEHAVIOUR: Final[tuple[Sign, ...]] = ("composition", "devaluation")
Finding = Literal["shown", "absent", "open"]
PlanningVerdict = Literal["plans", "composes", "neither", "undecided"]

BEYOND, NEGLIGIBLE, READ = 0.1, 0.01, 0.02


@dataclass(frozen=True)
class PlanningResult:
    """Signs of planning of a cell's agents; intervals are over runs.

    Attributes:
        verdict: None if the gate failed, or the agents cannot follow others' games.
        reason: why there is none, or which signs are open.
        effects: numbers minus their controls.
        measured: raw numbers, controls included.
        drawn: an agent's way, and the searcher's.
    """

    verdict: PlanningVerdict | None
    reason: str | None
    signs: Mapping[Sign, Finding]
    effects: Mapping[Sign, Mapping[str, Interval]]
    measured: Mapping[str, Interval]
    drawn: Mapping[str, list[float]]

    def json(self) -> dict[str, Any]:
        """Returns its JSON."""
        return {
            "verdict": self.verdict,
            "reason": self.reason,
            "signs": dict(self.signs),
            "effects": {sign: {name: each.json() for name, each in of.items()} for sign, of in self.effects.items()},
            "measured": {name: each.json() for name, each in self.measured.items()},
            "drawn": self.drawn,
        }


def planning_result(cell: CellInput, confidence: float) -> PlanningResult | None:
    """Returns the signs of a cell's agents, if measured in every run."""
    runs = [run.analysis for run in sorted(cell.runs, key=lambda run: run.seed)]
    if not runs or not all("composition.agent" in run for run in runs):
        return None
    effects = {
        sign: {name: t_interval([number(run) for run in runs], confidence) for name, number in NUMBERS[sign].items()}
        for sign in SIGNS
    }
    signs = {sign: _finding(sign, effects[sign], runs, confidence) for sign in SIGNS}
    failure = gate_failure(runs[0], confidence) or misled(cell.cell)
    verdict = amount_to(signs)
    names = [name for name in runs[0] if not name.startswith(("gate.", "drawn."))]
    drawn = next((run for run in runs if run["drawn.agent"]), runs[0])
    return PlanningResult(
        verdict=None if failure else verdict,
        reason=failure or _open(signs, verdict),
        signs=signs,
        effects=effects,
        measured={name: t_interval([float(np.mean(run[name])) for run in runs], confidence) for name in names},
        drawn={name: list(drawn[f"drawn.{name}"]) for name in ("agent", "search", "edges")},
    )


def amount_to(signs: Mapping[Sign, Finding]) -> PlanningVerdict:
    """Returns the verdict of five findings."""
    others = [signs[sign] for sign in SIGNS if sign not in BEHAVIOUR]
    if signs["composition"] == "absent":
        return "neither"
    if signs["composition"] == "open":
        return "undecided"
    if signs["devaluation"] == "shown" and "shown" in others:
        return "plans"
    if signs["devaluation"] == "absent" or all(found == "absent" for found in others):
        return "composes"
    return "undecided"


def gate_failure(run: Measured, confidence: float) -> str | None:
    """Returns which known player failed the gate, or None."""
    for player, plans in PLANNERS.items():
        for sign in BEHAVIOUR:
            found = _above(t_interval(run[f"gate.{player}.{sign}"], confidence), BEYOND)
            if found != ("shown" if plans else "absent"):
                return f"the gate failed: {sign} is {found} in {player}"
    return None


def _composition(run: Measured) -> float:
    return run["composition.agent"][0] - max(run[f"composition.{name}"][0] for name in BLIND)


def _devaluation(run: Measured) -> float:
    return run["devaluation.agent"][0] - run["devaluation.control"][0]


def _content(run: Measured) -> float:
    return run["content.trained"][0] - max(run["content.untrained"][0], run["content.seen"][0])


def _cause(run: Measured) -> float:
    return run["cause.effect"][0] - max(run["cause.random"])


NUMBERS: Final[Mapping[Sign, Mapping[str, Callable[[Measured], float]]]] = {
    "composition": {"beyond": _composition},
    "devaluation": {"beyond": _devaluation},
    "computation": {
        "gain": lambda run: run["computation.gain"][0],
        "slope": lambda run: run["computation.slope"][0],
    },
    "content": {"beyond": _content},
    "cause": {"beyond": _cause},
}
BOUNDS: Final[Mapping[Sign, Mapping[str, float]]] = {
    "composition": {"beyond": BEYOND},
    "devaluation": {"beyond": BEYOND},
    "computation": {"gain": NEGLIGIBLE, "slope": 0.0},
    "content": {"beyond": READ},
    "cause": {"beyond": NEGLIGIBLE},
}


def _finding(sign: Sign, effects: Mapping[str, Interval], runs: Sequence[Measured], confidence: float) -> Finding:
    """Returns the finding on a sign."""
    if sign == "computation" and any(run["computation.frozen"][0] for run in runs):
        return "open"
    if sign == "cause":
        control = t_interval([run["cause.control"][0] for run in runs], confidence)
        if _above(control, NEGLIGIBLE) != "shown":
            return "open"
    found = [_above(effects[name], bound) for name, bound in BOUNDS[sign].items()]
    return "absent" if "absent" in found else "open" if "open" in found else "shown"


def _above(interval: Interval, bound: float) -> Finding:
    """Returns `shown` above the bound, `absent` at or below, else `open`."""
    if interval.low is None or interval.high is None:
        return "open"
    return "shown" if interval.low > bound else "absent" if interval.high <= bound else "open"


def _open(signs: Mapping[Sign, Finding], verdict: PlanningVerdict) -> str | None:
    if verdict != "undecided":
        return None
    return f"the runs leave open: {', '.join(sign for sign in SIGNS if signs[sign] == 'open')}"
