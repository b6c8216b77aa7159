"""References of the two-step task.

- `random`: exact, since without history the ships are alike.
- `reactive` takes the ship to the last planet if that paid, else the other, the best of 256 deterministic policies with
  default settings.
- `thompson` takes a ship with the probability that it is better.
- `bayes_optimal` takes the likelier ship; exact, since both planets are equally informative.
- `oracle`: exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from ingredients.references.policy import Answer, PolicyCurves, Reference, ReferenceInput, ReferenceSet
from ingredients.references.simulation import simulate
from ingredients.tasks.two_step import TwoStep


def two_step_references(family: TwoStep) -> ReferenceSet:
    """Returns all references."""
    thompson, bayes = Inferring(family, by_lot=True), Inferring(family)
    everything = (
        Reference("random", True, family.episodes / 2, _always(family, 0.5)),
        Reference("reactive", False, _reactive_return(family), partial(simulate, family, ByLastEpisode())),
        Reference("thompson", False, None, partial(simulate, family, thompson)),
        Reference("bayes_optimal", True, _bayes_return(family), partial(simulate, family, bayes)),
        Reference("oracle", True, family.episodes * family.well_chosen, _always(family, family.well_chosen)),
    )
    return ReferenceSet("random", "reactive", "bayes_optimal", everything)


@dataclass(frozen=True)
class Inferring:
    """Tracks P(planet 0 pays) by Bayes' rule; `by_lot` samples by it."""

    family: TwoStep
    by_lot: bool = False

    def initial(self, lanes: int) -> Tensor:
        """Returns ½, `[N, 1]`."""
        return torch.full((lanes, 1), 0.5, dtype=torch.float64)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns the ship, `[N]`, ties at random; irrelevant on planets."""
        chance = memory[:, 0]
        lot = torch.rand(len(chance), generator=moment.generator, dtype=chance.dtype)
        if self.by_lot:
            return (lot >= chance).long()
        return torch.where((chance - 0.5).abs() < 1e-9, lot >= 0.5, chance < 0.5).long()

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns the posterior after what the planet shown paid; unchanged at home."""
        on_planet = answer.observation[:, 1:].double()
        likely = torch.where(answer.reward > 0, self.family.rewarded, 1 - self.family.rewarded).double()
        if_first = on_planet[:, 0] * likely + on_planet[:, 1] * (1 - likely)
        chance = memory[:, 0]
        after = chance * if_first / (chance * if_first + (1 - chance) * (1 - if_first))
        after = after + self.family.reversal * (1 - 2 * after)
        return torch.where(on_planet.sum(1) > 0, after, chance).unsqueeze(1)


@dataclass(frozen=True)
class ByLastEpisode:
    """Notes the planet in an action without effect, and reads it with r_{t-1} next time."""

    def initial(self, lanes: int) -> Tensor:
        """Returns no memory, `[N, 0]`."""
        return torch.zeros(lanes, 0)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns the planet's number there; at home its ship if it paid, else the other."""
        planet = moment.observation[:, 2].long()
        ship = torch.where(moment.reward_tm1 > 0, moment.action_tm1, 1 - moment.action_tm1)
        any_ship = torch.randint(2, ship.shape, generator=moment.generator)
        at_home = moment.observation[:, 0] > 0
        return torch.where(at_home, ship if moment.step else any_ship, planet)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns no memory."""
        return memory


def _reactive_return(family: TwoStep) -> float:
    """Returns ½ for the first episode, then the return of a ship right as often as planets."""
    right = family.rewarded * (1 - family.reversal) + (1 - family.rewarded) * family.reversal
    return 0.5 + (family.episodes - 1) * _return(family, right)


def _bayes_return(family: TwoStep) -> float | None:
    """Returns Σ_k of the return of a majority among k witnesses; None with reversals."""
    if family.reversal:
        return None
    return sum(_return(family, _majority(k, family.rewarded)) for k in range(family.episodes))


def _majority(witnesses: int, truthful: float) -> float:
    """Returns P(most witnesses are truthful), counting half of ties."""
    terms = (
        math.comb(witnesses, k) * truthful**k * (1 - truthful) ** (witnesses - k) * (0.5 if 2 * k == witnesses else 1)
        for k in range(witnesses + 1)
        if 2 * k >= witnesses
    )
    return sum(terms)


def _return(family: TwoStep, right: float) -> float:
    """Returns an episode's expected reward if P(better ship) is `right`."""
    return right * family.well_chosen + (1 - right) * (1 - family.well_chosen)


def _always(family: TwoStep, earned: float) -> Callable[[Tensor, int], PolicyCurves]:
    """Returns the curves of a policy that earns the same in each episode."""

    def curves(tasks: Tensor, run: int) -> PolicyCurves:
        return PolicyCurves([earned] * family.episodes, [earned] * family.episodes)

    return curves
