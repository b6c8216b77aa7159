"""Every task family, declared once: where its settings, its program and its references stand.

From this list follow the settings that a study may hold, `make_family`, `references_for` and the Gymnasium ids. The
parts are dotted names, so that a study needs no torch and a family loads no other.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FamilySpec:
    """A task family.

    Attributes:
        name: as a study's `tasks.family` names it.
        settings: `module:Class` of its section of a study, which imports no torch.
        family: `module:Class` of its program (`tasks.family.Family`), made of the settings as keywords.
        references: `module:function` that returns its references; None where only random play is known
            (`references.ignorant`).
        gymnasium_id: by which Gymnasium makes it.
    """

    name: str
    settings: str
    family: str
    references: str | None
    gymnasium_id: str


def loaded(dotted: str) -> Any:  # noqa: ANN401 - whatever stands there
    """Returns what stands at `module:Name`."""
    module, _, name = dotted.partition(":")
    return getattr(importlib.import_module(module), name)


def ours(name: str, title: str, references: bool = True) -> FamilySpec:
    """Returns the spec of a family whose files are named as it is.

    Args:
        name: of the family: `dark-room`, in files `dark_room.py`.
        title: of its class: `DarkRoom`, beside settings `DarkRoomTasks`.
        references: whether it has references of its own, `dark_room_references`.
    """
    module = name.replace("-", "_")
    return FamilySpec(
        name,
        settings=f"ingredients.study.families.{module}:{title}Tasks",
        family=f"ingredients.tasks.{module}:{title}",
        references=f"ingredients.references.{module}:{module}_references" if references else None,
        gymnasium_id=f"ingredients/{title}-v0",
    )


FAMILIES = (
    ours("bernoulli-bandit", "BernoulliBandit"),
    ours("dependent-bandit", "DependentBandit"),
    ours("gaussian-bandit", "GaussianBandit"),
    ours("restless-bandit", "RestlessBandit"),
    ours("informative-bandit", "InformativeBandit"),
    ours("causal-bandit", "CausalBandit"),
    ours("dark-room", "DarkRoom"),
    ours("interval-reproduction", "IntervalReproduction"),
    ours("memory-planning", "MemoryPlanning"),
    ours("tabular-mdp", "TabularMdp"),
    ours("track-bandit", "TrackBandit"),
    ours("two-step", "TwoStep"),
)


def spec_named(name: str) -> FamilySpec:
    """Returns the family of a name that a study may hold."""
    return next(spec for spec in FAMILIES if spec.name == name)


def spec_of(family: object) -> FamilySpec | None:
    """Returns the spec that a program was made by; None where it is somebody else's."""
    made_by = f"{type(family).__module__}:{type(family).__qualname__}"
    return next((spec for spec in FAMILIES if spec.family == made_by), None)
