"""What judging starts from: the adaptation curves of each cell's runs, as plain arrays.

Comes in: nothing; the report fills these from the store. Goes out: `RunCurves`, `CellInput` and `References` for
`judge_study`. A curve is `[K]`: the mean over evaluation tasks of the expected reward of each of the K episodes of a
lifetime, raw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ingredients.errors import StoreError
from ingredients.grid import Cell
from ingredients.study import Ingredient

Curve = npt.NDArray[np.float64]

INTERNAL: Final = "internal"
"""The carrier that the probe `memory_swap` swaps: the state of the agent's own memory."""
CHANNELS: Final[tuple[Ingredient, ...]] = ("reward_observation", "action_observation")
"""The ingredients that an explicit channel shows, and that an environment may leak."""
INFORMED: Final = "informed"
"""The yardstick of tasks for which no better is known: an agent of the same trainer that is shown the task."""
THROUGHOUT: Final = ("greedy", "reward_yoke", "action_yoke", "action_tremble")
"""Probes of the whole lifetime; the others intervene half-way."""
ENVIRONMENT: Final = "environment"
"""The carrier outside of the agent: what it has written into its environment."""
SWAPS: Final = {"memory_swap": INTERNAL, "environment_swap": ENVIRONMENT}
"""Which carrier a probe swaps; the control of each is the probe of the same name with `_same` behind it."""
Rows = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class BlockCurves:
    """Curves on each of G blocks of the evaluation tasks, `[G, K]`, raw: what intervals over tasks rest on.

    Attributes:
        plain: without a probe.
        swapped: for each carrier, with it swapped half-way.
        control: for each carrier, with it swapped for that of a lifetime on the same task; where it is missing nothing
            can be carried by it, and the plain curves stand in.
    """

    plain: Rows
    swapped: Mapping[str, Rows] = field(default_factory=dict)
    control: Mapping[str, Rows] = field(default_factory=dict)

    def controlled(self, carrier: str) -> Rows:
        """Returns what the swapped curves are compared with."""
        return self.control.get(carrier, self.plain)


def block_curves(named: Mapping[str, npt.ArrayLike]) -> BlockCurves | None:
    """Returns the curves on blocks by the names of the probes; None where there are none."""
    arrays = {name: np.asarray(rows, dtype=np.float64) for name, rows in named.items()}
    if "none" not in arrays:
        return None
    return BlockCurves(
        plain=arrays["none"],
        swapped={carrier: arrays[probe] for probe, carrier in SWAPS.items() if probe in arrays},
        control={carrier: arrays[f"{probe}_same"] for probe, carrier in SWAPS.items() if f"{probe}_same" in arrays},
    )


@dataclass(frozen=True, eq=False)
class RunCurves:
    """The curves of one finished run: one cell, one seed.

    Attributes:
        seed: the run's seed; cells are paired by it.
        plain: `[K]`, held-out tasks at the end of training, sampled actions, no probe.
        swapped: for each carrier (`"internal"`: the probe `memory_swap`) the `[K]` curve with it swapped half-way.
        points: for each evaluation point, a train step (the end of training may be the last), the `[K]` curve on
            held-out tasks.
        training_points: the same on the run's own training tasks.
        probes: the `[K]` curve of each probe at the end of training, by name.
        blocks: the plain lifetime's return on each block of the held-out tasks, `[G]`; None where it was not stored.
        statistics: the family's own analysis of the plain lifetimes, by name.
        inside: how well `action` and `reward` are decoded from the memory, and (`_untrained`) from that of the network
            before training: 0 is what the schedule tells, 1 is all; empty without a memory, or where not measured.
        on_blocks: the final curves on blocks of tasks; None where they were not stored: then the run has no class.
    """

    seed: int
    plain: Curve
    swapped: Mapping[str, Curve] = field(default_factory=dict)
    points: Mapping[int, Curve] = field(default_factory=dict)
    training_points: Mapping[int, Curve] = field(default_factory=dict)
    probes: Mapping[str, Curve] = field(default_factory=dict)
    blocks: Curve | None = None
    statistics: Mapping[str, float] = field(default_factory=dict)
    inside: Mapping[str, float] = field(default_factory=dict)
    on_blocks: BlockCurves | None = None


@dataclass(frozen=True, eq=False)
class CellInput:
    """One cell of the study: its finished runs in any order, the seeds of those that failed, its kind of memory.

    `looks` are the numbers of runs, finished or failed, at which the cell was judged before.
    """

    cell: Cell
    runs: tuple[RunCurves, ...] = ()
    failed_seeds: tuple[int, ...] = ()
    memory_kind: str = "gru"
    looks: tuple[int, ...] = ()

    @property
    def failed(self) -> int:
        """How many runs of this cell failed."""
        return len(self.failed_seeds)


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
        floor_without_rewards: whether who sees no reward cannot do better than the floor (as in a bandit).
        unneeded: channels that the yardstick, which is exact, does not use: the ceiling is the same without them.
        working_memory: whether a lifetime pays once, so that something is kept in it and nothing is learned.
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
        )
        if references.roles and all(reference.runs for reference in references.all.values()):
            return references
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise StoreError(f"references.json is not as it was written: {problem!r}") from problem
    raise StoreError("references.json is not as it was written: a reference without a curve")


def check(cells: Sequence[CellInput], references: References) -> None:
    """Refuses curves that cannot be judged together; a cell or a seed that comes twice would be our own mistake.

    Raises:
        StoreError: curves of unequal length, or with values that are not finite.
    """
    assert len({cell.cell for cell in cells}) == len(cells), "a cell comes twice"
    episodes = references.roles["floor"].runs[0].plain.size
    for reference in references.all.values():
        for run in reference.runs:
            _check_run(f"reference {reference.name}", run, episodes)
    for cell in cells:
        seeds = [*(run.seed for run in cell.runs), *cell.failed_seeds]
        assert len(set(seeds)) == len(seeds), f"a seed comes twice in {cell.cell.label()}"
        for run in cell.runs:
            _check_run(f"{cell.cell.label()} · seed {run.seed}", run, episodes)


def _check_run(what: str, run: RunCurves, episodes: int) -> None:
    curves = (
        run.plain,
        *(curve for of in (run.swapped, run.points, run.training_points, run.probes) for curve in of.values()),
    )
    for curve in curves:
        if curve.shape != (episodes,):
            raise StoreError(f"{what}: a curve of shape {curve.shape} among lifetimes of {episodes} episodes")
        if not np.isfinite(curve).all():
            raise StoreError(f"{what}: a curve holds values that are not finite")
    if run.on_blocks is not None and run.on_blocks.plain.shape[1:] != (episodes,):
        raise StoreError(f"{what}: curves on blocks of tasks of shape {run.on_blocks.plain.shape}")


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
