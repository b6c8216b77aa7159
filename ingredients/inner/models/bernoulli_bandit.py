"""The belief model of Bernoulli bandits: independent arms, with values by pairs if too many."""

from __future__ import annotations

from functools import partial

from ingredients.inner.models.arms import IndependentArms
from ingredients.inner.models.model import BeliefModel, Learner
from ingredients.inner.models.pulls import Pulls, by_arms, of_the_arm, win_stay
from ingredients.references.bandit_policies import chances, ucb1
from ingredients.tasks.bernoulli_bandit import BernoulliBandit


def bernoulli_bandit_belief(family: BernoulliBandit) -> BeliefModel:
    """Returns the model."""
    return BeliefModel(
        course=Pulls(family.arms),
        posterior=IndependentArms(family.arms, family.episodes, family.action_noise),
        counter=by_arms,
        learners={"recency": Learner(partial(of_the_arm, arms=family.arms))},
        habit=win_stay(family.arms),
        beside={"ucb1": partial(chances, ucb1)},
    )
