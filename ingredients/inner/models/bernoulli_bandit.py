"""The belief model of Bernoulli bandits: independent arms, whose values are exact, or by pairs of arms if too many."""

from __future__ import annotations

from functools import partial

from ingredients.inner.models.arms import IndependentArms
from ingredients.inner.models.model import BeliefModel, Learner
from ingredients.inner.models.pulls import Pulls, by_arms, of_the_arm, win_stay
from ingredients.inner.pair_values import pair_values
from ingredients.inner.values import action_values
from ingredients.references.bandit_dynamic_programming import MOST_STATES, number_of_states
from ingredients.references.bandit_policies import chances, ucb1
from ingredients.tasks.bernoulli_bandit import BernoulliBandit


def bernoulli_bandit_belief(family: BernoulliBandit) -> BeliefModel:
    """Returns the model, after the dynamic program, or that of two arms."""
    exact = number_of_states(family.arms, family.episodes) <= MOST_STATES
    computed = action_values if exact else pair_values
    values = computed(family.arms, family.episodes, family.action_noise)
    return BeliefModel(
        course=Pulls(family.arms),
        posterior=IndependentArms(values),
        counter=by_arms,
        learners={"recency": Learner(partial(of_the_arm, arms=family.arms))},
        habit=win_stay(family.arms),
        beside={"ucb1": partial(chances, ucb1)},
    )
