"""Every probe, declared once: an intervention during evaluation, by which a trained agent shows what it relies on.

From this list follow what every run is evaluated under, what is judged of it, and what a report shows and calls it.
The program of a probe stands in a file of its own, `ingredients/training/probes/<name>.py`, so that none is loaded here
and a report needs no torch. docs/design.md §8 says what a loss means.
"""

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
        title: what reports call it.
        shows: the score that it is about: what it costs (`cost`), the episodes that follow it (`fresh start`), the gain
            that is left (`gain`), or the late score (`late`).
        throughout: whether it touches the whole lifetime; else what follows half-way.
        carrier: of the swaps by which the verdict rule judges (C), what they swap.
        control: whether it is the control of another probe, and so no picture of its own.
        written: whether it makes sense only where an agent can write on its environment.
    """

    name: str
    title: str
    shows: Shows = "cost"
    throughout: bool = False
    carrier: str | None = None
    control: bool = False
    written: bool = False


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
    ProbeSpec("reward_yoke", "rewards of another lifetime", shows="gain", throughout=True),
    ProbeSpec("action_yoke", "actions of another lifetime", shows="gain", throughout=True),
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
    """Returns the probe of a name; one that only another version knows begins half-way and shows what it costs."""
    known = {probe.name: probe for probe in PROBES}
    return known.get(name) or ProbeSpec(name, name.replace("_", " "))


def later_probes() -> list[str]:
    """Returns the names of the probes that older evaluations may lack: with one more, weights are evaluated again."""
    return [probe.name for probe in PROBES if probe not in FIRST_PROBES]
