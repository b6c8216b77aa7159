"""The list of task families, which studies, programs, references and Gymnasium ids follow."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FamilySpec:
    """A task family.

    Attributes:
        name: in a study's `tasks.family`.
        settings: `module:Class` of its section of a study, without torch.
        family: `module:Class` of its program (`tasks.family.Family`), made with the settings as keywords.
        references: `module:function` of its references; None if only random play is known (`references.ignorant`).
        belief: `module:function` of its belief model (`ingredients/inner/models/`), or None.
    """

    name: str
    settings: str
    family: str
    references: str | None
    belief: str | None
    gymnasium_id: str


def loaded(dotted: str) -> Any:  # noqa: ANN401 - whatever stands there
    """Returns what `module:Name` names."""
    module, _, name = dotted.partition(":")
    return getattr(importlib.import_module(module), name)


def ours(name: str, title: str, references: bool = True, belief: bool = False) -> FamilySpec:
    """Returns the spec of a family whose files follow the naming rule: `dark-room` and `DarkRoom`.

    `references`, `belief`: whether it has `dark_room_references`, `dark_room_belief`.
    """
    module = name.replace("-", "_")
    return FamilySpec(
        name,
        settings=f"ingredients.study.families.{module}:{title}Tasks",
        family=f"ingredients.tasks.{module}:{title}",
        references=f"ingredients.references.{module}:{module}_references" if references else None,
        belief=f"ingredients.inner.models.{module}:{module}_belief" if belief else None,
        gymnasium_id=f"ingredients/{title}-v0",
    )


FAMILIES = (
    ours("bernoulli-bandit", "BernoulliBandit", belief=True),
    ours("dependent-bandit", "DependentBandit", belief=True),
    ours("gaussian-bandit", "GaussianBandit"),
    ours("restless-bandit", "RestlessBandit"),
    ours("informative-bandit", "InformativeBandit"),
    ours("causal-bandit", "CausalBandit"),
    ours("dark-room", "DarkRoom"),
    ours("interval-reproduction", "IntervalReproduction"),
    ours("memory-planning", "MemoryPlanning"),
    ours("tabular-mdp", "TabularMdp"),
    ours("track-bandit", "TrackBandit"),
    ours("two-step", "TwoStep", belief=True),
)


def spec_named(name: str) -> FamilySpec:
    """Returns the family of a name that studies hold."""
    return next(spec for spec in FAMILIES if spec.name == name)


def spec_of(family: object) -> FamilySpec | None:
    """Returns a program's spec; None if it is not ours."""
    made_by = f"{type(family).__module__}:{type(family).__qualname__}"
    return next((spec for spec in FAMILIES if spec.family == made_by), None)
