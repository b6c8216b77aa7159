"""The references of the two-step task: chance, the last episode, inference over the two hypotheses, the truth.

- Floor: `random`. To who ignores the past the two ships are alike; exact.
- Reactive: `reactive`, which on a planet does what tells it apart and at home takes the ship to where it was paid, or
  to the other planet where it was not (the family's trap). A test tries all 256 deterministic policies that see
  no more: none is better with the default settings.
- `thompson` takes a ship with the probability that it is the better one.
- Yardstick: `bayes_optimal`, the ship that is more likely the better one. Both planets tell as much about which one
  pays, so what is learned does not depend on what is chosen, and to take the better guess at once is optimal; exact. It
  goes by the planet that it sees and what that paid, so nobody needs to see actions here.
- `oracle` is told before each flight which planet pays; exact.
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
    """Remembers how likely planet 0 pays, by Bayes' rule; `by_lot` takes the ship to it with that probability."""

    family: TwoStep
    by_lot: bool = False

    def initial(self, lanes: int) -> Tensor:
        """Returns ½ for each lane, `[N, 1]`."""
        return torch.full((lanes, 1), 0.5, dtype=torch.float64)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns the ship, `[N]`; the likelier one, or any where both are alike. On a planet it does not matter."""
        chance = memory[:, 0]
        lot = torch.rand(len(chance), generator=moment.generator, dtype=chance.dtype)
        if self.by_lot:
            return (lot >= chance).long()
        return torch.where((chance - 0.5).abs() < 1e-9, lot >= 0.5, chance < 0.5).long()

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns what follows from having been paid, or not, on the planet that was shown; nothing at home."""
        on_planet = answer.observation[:, 1:].double()
        likely = torch.where(answer.reward > 0, self.family.rewarded, 1 - self.family.rewarded).double()
        if_first = on_planet[:, 0] * likely + on_planet[:, 1] * (1 - likely)
        chance = memory[:, 0]
        after = chance * if_first / (chance * if_first + (1 - chance) * (1 - if_first))
        after = after + self.family.reversal * (1 - 2 * after)
        return torch.where(on_planet.sum(1) > 0, after, chance).unsqueeze(1)


@dataclass(frozen=True)
class ByLastEpisode:
    """Has no memory: it notes the planet in the action that has no effect, and reads it with r_{t-1} the next time."""

    def initial(self, lanes: int) -> Tensor:
        """Returns nothing, `[N, 0]`."""
        return torch.zeros(lanes, 0)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns the planet's number there; at home the ship to the noted planet if it paid, else the other."""
        planet = moment.observation[:, 2].long()
        ship = torch.where(moment.reward_tm1 > 0, moment.action_tm1, 1 - moment.action_tm1)
        any_ship = torch.randint(2, ship.shape, generator=moment.generator)
        at_home = moment.observation[:, 0] > 0
        return torch.where(at_home, ship if moment.step else any_ship, planet)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns nothing."""
        return memory


def _reactive_return(family: TwoStep) -> float:
    """Returns ½ for the first episode, then what a ship earns that is right as often as a planet tells the truth."""
    right = family.rewarded * (1 - family.reversal) + (1 - family.rewarded) * family.reversal
    return 0.5 + (family.episodes - 1) * _return(family, right)


def _bayes_return(family: TwoStep) -> float | None:
    """Returns Σ_k of the return of a majority vote among k independent witnesses; None where planets change places."""
    if family.reversal:
        return None
    return sum(_return(family, _majority(k, family.rewarded)) for k in range(family.episodes))


def _majority(witnesses: int, truthful: float) -> float:
    """Returns how likely most of the witnesses tell the truth, half of the ties counted."""
    terms = (
        math.comb(witnesses, k) * truthful**k * (1 - truthful) ** (witnesses - k) * (0.5 if 2 * k == witnesses else 1)
        for k in range(witnesses + 1)
        if 2 * k >= witnesses
    )
    return sum(terms)


def _return(family: TwoStep, right: float) -> float:
    """Returns the expected reward of an episode if the better ship is taken with probability `right`."""
    return right * family.well_chosen + (1 - right) * (1 - family.well_chosen)


def _always(family: TwoStep, earned: float) -> Callable[[Tensor, int], PolicyCurves]:
    """Returns the curves of a policy that earns the same in expectation in each episode, on either task."""

    def curves(tasks: Tensor, run: int) -> PolicyCurves:
        return PolicyCurves([earned] * family.episodes, [earned] * family.episodes)

    return curves
