"""The references of a study: their curves on the evaluation tasks, their roles, what was measured of the tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from ingredients.errors import StoreError
from ingredients.judgement_input.curves import BlockCurves, Curve, RunCurves, block_curves
from ingredients.probes import SWAPS
from ingredients.study import Ingredient

CHANNELS: Final[tuple[Ingredient, ...]] = ("reward_observation", "action_observation")
"""The ingredients that an explicit channel shows, and that an environment may leak."""
INFORMED: Final = "informed"
"""The yardstick of tasks for which no better is known: an agent of the same trainer that is shown the task."""


@dataclass(frozen=True, eq=False)
class ReferenceCurves:
    """A reference policy's simulated runs on the evaluation tasks, in the place of a run's seeds."""

    name: str
    exact: bool
    expected_return: float | None
    runs: tuple[RunCurves, ...]
    stored_blocks: BlockCurves | None = None

    @property
    def on_blocks(self) -> BlockCurves:
        """Its curves on blocks of tasks; where they were not stored its simulated runs stand in for blocks."""
        if self.stored_blocks is not None:
            return self.stored_blocks
        swapped = {name: np.stack([run.swapped[name] for run in self.runs]) for name in self.runs[0].swapped}
        return BlockCurves(np.stack([run.plain for run in self.runs]), swapped)

    @property
    def curve(self) -> Curve:
        """The mean curve `[K]` over the simulated runs."""
        mean: Curve = np.mean([run.plain for run in self.runs], axis=0)
        return mean


@dataclass(frozen=True)
class Leak:
    """How well a decoder tells r_{t-1} or a_{t-1} from what the environment shows to all cells (`training.leakage`).

    `leak` is 0 where that tells no more than was known before the step and 1 where every step is told, with `low` and
    `high`; `leaks` whether that is more than nothing. None where there was nothing to decode, for a `reason`. The
    decoder is told the task; `in_lifetime` says whether one leaks that is given the lifetime so far in its place.
    """

    leak: float | None
    low: float | None
    high: float | None
    leaks: bool | None
    reason: str | None
    in_lifetime: bool | None = None


@dataclass(frozen=True, eq=False)
class References:
    """The references of a study by name, and which one plays which role (`reactive`: if the family has one).

    Attributes:
        at_points: their mean curves on the tasks of the evaluation points; empty where they were not stored.
        leakage: by channel ingredient, what the environment leaks; empty where that was not measured.
        memoryless: the reference that is the best known without memory, by which channels are shown (`both`, `reward`,
            `action`, `neither`); of older results, only what was found on the last reward and action.
        floor_without_rewards: whether no agent that observes no reward can beat the floor (as in a bandit).
        unneeded: channels that the yardstick, which is exact, does not use: the ceiling is the same without them.
        working_memory: whether a lifetime pays once, so that something is kept in it and nothing is learned.
        writable: whether an agent can write on its environment, and so may keep what it learned there.
        held_out: whether evaluation tasks are new to a trained agent; where nothing says so, they are.
        episode_steps: the most steps of an episode; None where it was not stored.
        measured_leakage: by channel, all that was measured of its leak, as a report shows it; None where nothing was.
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

    @property
    def leaking(self) -> frozenset[Ingredient]:
        """The channels whose content the environment shows of itself to one who does not know the task."""
        return frozenset(name for name, leak in self.leakage.items() if leak.in_lifetime)

    @property
    def roles(self) -> dict[str, ReferenceCurves]:
        """The reference of each role that the family has: floor, reactive, yardstick."""
        names = {"floor": self.floor, "reactive": self.reactive, "yardstick": self.yardstick}
        return {role: self.all[name] for role, name in names.items() if name is not None}


def read_references(stored: Mapping[str, Any]) -> References:
    """Returns the references as the store keeps them (`references.json`), with arrays for lists.

    Raises:
        StoreError: a role, a reference or its curves are not there.
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
    """Returns the curves of a reference on blocks of tasks; None where they were not stored.

    Curves that are computed are stored on blocks without a probe only. Where a swap changed nothing at all, the policy
    carries nothing, so the same curves are those of the swap, too: what it loses is known to be 0.
    """
    named = dict(entry.get("blocks") or {})
    for probe in SWAPS:
        if "none" in named and probe not in named and entry["curves"].get(probe) == entry["curves"]["none"]:
            named[probe] = named["none"]
    return block_curves(named)
