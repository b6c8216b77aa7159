"""The belief model of the two-step task without reversals: one coin, of which both planets tell the same.

An episode is a flight, its decision the ship. A planet that pays speaks for itself, else for the other. `rest` is 2
planet + second action.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ingredients.inner.histories import Histories
from ingredients.inner.models.coin import CoinBelief, learner_of_a_coin
from ingredients.inner.models.model import BeliefModel, Habit, Learner
from ingredients.inner.models.pulls import of_the_arm
from ingredients.tasks.two_step import HOME, TwoStep

LAPSES = 0.05
PLACES = 3  # home and two planets, the columns of an observation
RATES = (0.2, 0.3)  # of a recency-weighted learner: a slower one takes nearly the ships that Bayes takes


@dataclass(frozen=True)
class Flights:
    """Flights of two steps; `common`: probability that a ship reaches its own planet."""

    common: float
    actions = 2
    steps = 2
    uniforms = 3
    codes = 16

    def outcome(self, tasks: Tensor, action: Tensor, luck: Tensor) -> Histories:
        """Returns a flight, with any second action."""
        planet = torch.where(luck[0] < self.common, action, 1 - action)
        paid = luck[2] < tasks.gather(-1, planet.unsqueeze(-1)).squeeze(-1)
        return Histories(action, paid.float(), 2 * planet + (luck[1] < 0.5).long())

    def code(self, lived: Histories) -> Tensor:
        """Returns ship, planet, second action and reward, as a number."""
        return 8 * lived.actions + 2 * lived.rest + lived.rewards.long()

    def recorded(self, actions: Tensor, rewards: Tensor, observations: Tensor) -> Histories:
        """Returns the flights of all steps."""
        planet = observations[..., 1::2, PLACES - 1].long()
        return Histories(actions[..., ::2], rewards[..., 1::2], 2 * planet + actions[..., 1::2])

    def shown(self, histories: Histories, step: int) -> tuple[Tensor, ...]:
        """Returns the past at home (last flight's second action and reward) or on a planet."""
        flight, away = divmod(step, 2)
        no = histories.rewards[..., :1] * 0
        now, last = slice(flight, flight + 1), slice(flight - 1, flight)
        if away:
            seen = 1 + histories.rest[..., now] // 2
            reward = no
            action = histories.actions[..., now]
        else:
            seen = torch.full_like(no, HOME).long()
            reward = histories.rewards[..., last] if flight else no
            action = histories.rest[..., last] % 2 if flight else no.long()
        observation = one_hot(seen.squeeze(-1), PLACES).float()
        lifetime_start, episode_start = (no + float(starts) for starts in (step == 0, not away))
        return observation, lifetime_start, episode_start, reward, action


def two_step_belief(family: TwoStep) -> BeliefModel:
    """Returns the model."""
    codes = torch.arange(Flights.codes)
    by_code = Histories(codes // 8, (codes % 2).float(), codes // 2 % 4)
    return BeliefModel(
        course=Flights(family.common),
        posterior=CoinBelief(family.episodes, 1 - family.rewarded, family.common),
        counter=_side,
        learners={"recency": learner_of_a_coin(_side, RATES), "model-free": Learner(partial(of_the_arm, arms=2))},
        habit=Habit(torch.full((2,), 0.5, dtype=torch.float64), one_hot(_side(by_code), 2).double()),
        otherwise=partial(_other_flights, family.common),
        lapses=LAPSES,
    )


def _side(lived: Histories) -> Tensor:
    """Returns the planet that a flight speaks for."""
    planet = lived.rest // 2
    return torch.where(lived.rewards > 0, planet, 1 - planet)


def _other_flights(common: float, histories: Histories, draws: torch.Generator) -> Histories:
    """Returns lifetimes whose flights, of any ships, speak for the same planets."""
    luck = torch.rand(3, *histories.actions.shape, generator=draws)
    ship = (luck[0] < 0.5).long()
    planet = torch.where(luck[1] < common, ship, 1 - ship)
    return Histories(ship, (planet == _side(histories)).float(), 2 * planet + (luck[2] < 0.5).long())
