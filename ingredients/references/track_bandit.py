"""References of the bandit beside a track.

To those of two Bernoulli arms it adds `automaton` (Tsetlin 1961), whose only memory is the track.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from ingredients.references.bernoulli_bandit import bernoulli_bandit_references
from ingredients.references.policy import Answer, PolicyCurves, Reference, ReferenceInput, ReferenceSet
from ingredients.references.simulation import simulate
from ingredients.tasks.bernoulli_bandit import BernoulliBandit
from ingredients.tasks.track_bandit import ARMS, LEFT, RIGHT, STEPS, TrackBandit


def track_bandit_references(family: TrackBandit) -> ReferenceSet:
    """Returns Bernoulli arms' references, and `automaton` if the track can be a memory."""
    of_arms = bernoulli_bandit_references(BernoulliBandit(ARMS, family.episodes))
    everything = list(of_arms.all)
    if family.written:
        everything = [replace(each, curves=partial(_wherever, each.curves)) for each in everything]
        automaton = Reference("automaton", False, None, partial(simulate, family, Automaton(family)))
        everything.insert(len(everything) - 1, automaton)
    return ReferenceSet(of_arms.floor, of_arms.reactive, of_arms.yardstick, tuple(everything))


def _wherever(curves: Callable[[Tensor, int], PolicyCurves], tasks: Tensor, run: int) -> PolicyCurves:
    """Returns the curves of a policy that ignores its position."""
    played = curves(tasks, run)
    same = list(played.none)
    blocks = {**played.blocks, **({"environment_swap": played.blocks["none"]} if played.blocks else {})}
    return played._replace(environment_swap=same, environment_swap_same=list(same), blocks=blocks)


@dataclass(frozen=True)
class Automaton:
    """Steps towards the arm that the last pull favours, and pulls that of its half."""

    family: TrackBandit

    def initial(self, lanes: int) -> Tensor:
        """Returns no memory."""
        return torch.empty(lanes, 0)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns the step, and the arm where it leads."""
        last = moment.action_tm1 // STEPS
        won = moment.reward_tm1 > 0
        step = torch.where((last == 1) == won, RIGHT, LEFT)
        here = (moment.observation[..., 0] * (self.family.squares - 1)).round().long()
        there = (here + step - 1).clamp(0, self.family.squares - 1)
        started = moment.action_tm1 < 0
        arm = (torch.where(started, here, there) >= self.family.squares // 2).long()
        return STEPS * arm + torch.where(started, torch.ones_like(step), step)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns no memory."""
        return memory
