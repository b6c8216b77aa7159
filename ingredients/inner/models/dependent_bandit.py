"""The belief model of two dependent arms: every pull tosses the same coin (`coin`)."""

from __future__ import annotations

from functools import partial

import torch

from ingredients.inner.histories import Histories
from ingredients.inner.models.coin import CoinBelief, learner_of_a_coin
from ingredients.inner.models.model import BeliefModel, Learner
from ingredients.inner.models.pulls import Pulls, of_the_arm, win_or_loss, win_stay
from ingredients.tasks.dependent_bandit import LOWER_CHANCE, DependentBandit


def dependent_bandit_belief(family: DependentBandit) -> BeliefModel:
    """Returns the model."""
    return BeliefModel(
        course=Pulls(family.arms),
        posterior=CoinBelief(family.episodes, LOWER_CHANCE.get(family.difficulty)),
        counter=win_or_loss,
        learners={
            "recency": learner_of_a_coin(win_or_loss),
            "model-free": Learner(partial(of_the_arm, arms=family.arms)),
        },
        habit=win_stay(family.arms),
        otherwise=_other_arms,
    )


def _other_arms(histories: Histories, draws: torch.Generator) -> Histories:
    """Returns lifetimes with a random half of the pulls of the other arm, with the other reward."""
    other = torch.rand(histories.actions.shape, generator=draws) < 0.5
    actions = torch.where(other, 1 - histories.actions, histories.actions)
    return histories._replace(actions=actions, rewards=torch.where(other, 1 - histories.rewards, histories.rewards))
