"""The references of a study: curves, roles, facts about the tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from ingredients.errors import StoreError
from ingredients.judgement_input.curves import BlockCurves, Curve, RunCurves, block_curves
from ingredients.probes import SWAPS
from ingredients.study import Ingredient
from ingredients.study.axis import EPISODES, Axis

CHANNELS: Final[tuple[Ingredient, ...]] = ("reward_observation", "action_observation")
"""The ingredients that an explicit channel shows, and that an environment may leak."""
INFORMED: Final = "informed"
"""The yardstick of tasks for which no better is known: an agent of the same trainer that is shown the task."""


@dataclass(frozen=True, eq=False)
class ReferenceCurves:
    """A reference's simulated runs on the evaluation tasks."""

    name: str
    exact: bool
    expected_return: float | None
    runs: tuple[RunCurves, ...]
    stored_blocks: BlockCurves | None = None

    @property
    def on_blocks(self) -> BlockCurves:
        """Curves on blocks of tasks; if not stored, simulated runs."""
        if self.stored_blocks is not None:
            return self.stored_blocks
        swapped = {name: np.stack([run.swapped[name] for run in self.runs]) for name in self.runs[0].swapped}
        return BlockCurves(np.stack([run.plain for run in self.runs]), swapped)

    @property
    def curve(self) -> Curve:
        """Mean curve `[K]` over simulated runs."""
        mean: Curve = np.mean([run.plain for run in self.runs], axis=0)
        return mean


@dataclass(frozen=True)
class Leak:
    """Decoder skill for r_{t-1} or a_{t-1} on observations that all cells see (docs/audit.md).

    `leak` is from 0 to 1, or None for a `reason`. The decoder knows the task; `in_lifetime`: whether one leaks that
    sees the lifetime so far.
    """

    leak: float | None
    low: float | None
    high: float | None
    leaks: bool | None
    reason: str | None
    in_lifetime: bool | None = None


@dataclass(frozen=True, eq=False)
class References:
    """The references of a study by name, and their roles.

    Attributes:
        at_points: mean curves on the evaluation points' tasks.
        leakage: by channel, if measured.
        memoryless: best reference without memory, by channels (`both`, `reward`, `action`, `neither`).
        floor_without_rewards: as in `ReferenceSet`.
        unneeded: channels that the exact yardstick ignores.
        working_memory: a lifetime pays once.
        writable: agents can write on their environment.
        held_out: evaluation tasks are new.
    """

    floor: str
    reactive: str | None
    yardstick: str
    all: Mapping[str, ReferenceCurves]
    at_points: Mapping[str, Curve] = field(default_factory=dict)
    leakage: Mapping[Ingredient, Leak] = field(default_factory=dict)
    floor_without_rewards: bool = True
    memoryless: Mapping[str, str] = field(default_factory=dict)
    unneeded: frozenset[Ingredient] = frozenset()
    working_memory: bool = False
    writable: bool = False
    held_out: bool = True
    episode_steps: int | None = None
    measured_leakage: Mapping[str, Mapping[str, Any]] | None = None
    axis: Axis = EPISODES

    @property
    def leaking(self) -> frozenset[Ingredient]:
        """Channels that the environment shows without knowledge of the task."""
        return frozenset(name for name, leak in self.leakage.items() if leak.in_lifetime)

    @property
    def roles(self) -> dict[str, ReferenceCurves]:
        """References by role: floor, reactive (if any), yardstick."""
        names = {"floor": self.floor, "reactive": self.reactive, "yardstick": self.yardstick}
        return {role: self.all[name] for role, name in names.items() if name is not None}


def read_references(stored: Mapping[str, Any]) -> References:
    """Returns the references from `references.json`.

    Raises:
        StoreError: a role, a reference or its curves are missing.
    """
    try:
        references = References(
            floor=stored["floor"],
            reactive=stored.get("reactive"),
            yardstick=stored["yardstick"],
            all={name: _reference(name, entry) for name, entry in stored["references"].items()},
            at_points={
                name: np.asarray(curve, dtype=np.float64) for name, curve in stored.get("at_points", {}).items()
            },
            leakage=_leakage(stored.get("leakage") or {}),
            floor_without_rewards=bool(stored.get("floor_without_rewards", True)),
            memoryless=dict(stored.get("memoryless") or {}),
            unneeded=frozenset(name for name in CHANNELS if name in stored.get("unneeded", ())),
            working_memory=bool(stored.get("working_memory", False)),
            writable=bool(stored.get("writable", False)),
            held_out=bool(stored.get("held_out", True)),
            episode_steps=stored.get("episode_steps"),
            measured_leakage=stored.get("leakage"),
            axis=stored.get("axis", EPISODES),
        )
        if references.roles and all(reference.runs for reference in references.all.values()):
            return references
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise StoreError(f"references.json is damaged: {problem!r}") from problem
    raise StoreError("references.json is damaged: a reference has no curve")


def _leakage(stored: Mapping[str, Any]) -> dict[Ingredient, Leak]:
    keys, short = ("leak", "low", "high", "leaks", "reason"), {"reward": CHANNELS[0], "action": CHANNELS[1]}
    return {
        short[name]: Leak(**{key: entry[key] for key in keys}, in_lifetime=entry.get("history", entry)["leaks"])
        for name, entry in stored.items()
    }


def _reference(name: str, entry: Mapping[str, Any]) -> ReferenceCurves:
    plain = [np.asarray(curve, dtype=np.float64) for curve in entry["curves"]["none"]]
    carried: list[dict[str, Curve]] = [{} for _ in plain]
    for probe, carrier in SWAPS.items():
        for of_run, curve in zip(carried, entry["curves"].get(probe, []), strict=False):
            of_run[carrier] = np.asarray(curve, dtype=np.float64)
    stored = entry.get("returns_by_block") or [None] * len(plain)
    blocks = [None if by_block is None else np.asarray(by_block, dtype=np.float64) for by_block in stored]
    of_runs = enumerate(zip(plain, carried, blocks, strict=True))
    return ReferenceCurves(
        name=name,
        exact=entry["exact"],
        expected_return=entry["expected_return"],
        runs=tuple(RunCurves(run, curve, swapped, blocks=by_block) for run, (curve, swapped, by_block) in of_runs),
        stored_blocks=_stored_blocks(entry),
    )


def _stored_blocks(entry: Mapping[str, Any]) -> BlockCurves | None:
    """Returns a reference's curves on blocks of tasks, if stored; plain ones stand in for unchanged swapped ones."""
    named = dict(entry.get("blocks") or {})
    for probe in SWAPS:
        if "none" in named and probe not in named and entry["curves"].get(probe) == entry["curves"]["none"]:
            named[probe] = named["none"]
    return block_curves(named)
