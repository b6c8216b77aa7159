"""The list of probes (docs/design.md §8); `ingredients/training/probes/<name>.py` are their programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Shows = Literal["cost", "fresh start", "gain", "late"]

INTERNAL: Final = "internal"
"""The carrier that the probe `memory_swap` swaps: the state of the agent's own memory."""
ENVIRONMENT: Final = "environment"
"""The carrier outside of the agent: what it has written on its environment."""


@dataclass(frozen=True)
class ProbeSpec:
    """A probe.

    Attributes:
        name: in tables, in `report.json`, and of its file.
        shows: its score: cost (`cost`), the episodes after it (`fresh start`), the remaining gain (`gain`), or the late
            score (`late`).
        throughout: whether it affects whole lifetimes, or from half-way.
        carrier: what a swap of the verdict rule exchanges (C).
        control: whether it is another's control.
        written: whether agents must be able to write on the environment.
        fills: the ingredient whose input it replaces, and needs.
    """

    name: str
    title: str
    shows: Shows = "cost"
    throughout: bool = False
    carrier: str | None = None
    control: bool = False
    written: bool = False
    fills: str | None = None


FIRST_PROBES = (
    ProbeSpec("memory_swap", "memory swapped half-way", carrier=INTERNAL),
    ProbeSpec("memory_swap_same", "memory swapped on the same task", carrier=INTERNAL, control=True),
    ProbeSpec("environment_swap", "environment swapped half-way", carrier=ENVIRONMENT, written=True),
    ProbeSpec(
        "environment_swap_same",
        "environment swapped on the same task",
        carrier=ENVIRONMENT,
        control=True,
        written=True,
    ),
    ProbeSpec("memory_wipe", "memory wiped half-way", shows="fresh start"),
    ProbeSpec("task_switch", "task switched half-way"),
    ProbeSpec("reward_yoke", "rewards of another lifetime", shows="gain", throughout=True, fills="reward_observation"),
    ProbeSpec("action_yoke", "actions of another lifetime", shows="gain", throughout=True, fills="action_observation"),
    ProbeSpec("action_tremble", "a fifth of the actions replaced", throughout=True),
    ProbeSpec("greedy", "greedy actions", shows="late", throughout=True),
)
"""Those of which stored evaluations have every one: they are no part of the fingerprint of what evaluates."""
PROBES: tuple[ProbeSpec, ...] = (
    *FIRST_PROBES,
    # a new probe is a line here, and its file
)
SWAPS: Final = {probe.name: probe.carrier for probe in PROBES if probe.carrier and not probe.control}
"""Which carrier a probe swaps; the control of each is the probe of the same name with `_same` behind it."""


def spec_of_probe(name: str) -> ProbeSpec:
    """Returns the probe of a name; an unknown one begins half-way and shows its cost."""
    known = {probe.name: probe for probe in PROBES}
    return known.get(name) or ProbeSpec(name, name.replace("_", " "))


def later_probes() -> list[str]:
    """Returns probes that older evaluations lack, whose weights are evaluated again."""
    return [probe.name for probe in PROBES if probe not in FIRST_PROBES]
