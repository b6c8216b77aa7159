"""The belief of each family (`families.FAMILIES` lists which) that the inner algorithm is measured on.

In reading order: `model` (the interface), `pulls` (a bandit's episode), `arms`, `coin`; `bernoulli_bandit`,
`dependent_bandit`, `two_step`.
"""

from __future__ import annotations

from ingredients.families import loaded, spec_of
from ingredients.inner.models.model import BeliefModel
from ingredients.tasks.family import Family

__all__ = ["BeliefModel", "belief_model"]


def belief_model(family: Family) -> BeliefModel:
    """Returns the belief model of a family that has one."""
    spec = spec_of(family)
    assert spec is not None, "the study refuses others"
    assert spec.belief is not None, "the study refuses others"
    model: BeliefModel = loaded(spec.belief)(family)
    return model
