"""References of Bernoulli bandits.

Yardstick: `bayes_optimal` (exact) up to `MOST_STATES` states, then `gittins`, beyond `LONGEST_LIFETIME` pulls
`thompson`.
"""

from __future__ import annotations

from functools import partial

from ingredients.references.bandit_dynamic_programming import (
    MOST_STATES,
    Chances,
    CountStates,
    bayes_optimal,
    count_states,
    expected_return,
    number_of_states,
)
from ingredients.references.bandit_gittins import LONGEST_LIFETIME, gittins
from ingredients.references.bandit_policies import Preference, Preferring, chances, greedy, ucb1
from ingredients.references.bandit_reactive import (
    MOST_ARMS,
    best_reactive,
    best_reactive_to_reward,
    win_stay_lose_shift,
)
from ingredients.references.bandit_thompson import Thompson, thompson_chances
from ingredients.references.computed import chain, same_every_pull
from ingredients.references.forced_pulls import forced_pulls_references
from ingredients.references.policy import Reference, ReferenceSet
from ingredients.references.simulation import simulate
from ingredients.tasks.bernoulli_bandit import BernoulliBandit


def bernoulli_bandit_references(family: BernoulliBandit) -> ReferenceSet:
    """Returns all references, after calibration and search."""
    if family.forced_pulls:
        return forced_pulls_references(family)
    feasible = number_of_states(family.arms, family.episodes) <= MOST_STATES
    states = count_states(family.arms, family.episodes) if feasible else None
    everything = (*_ignorant(family), *_reactive(family), *_learning(family, states), _oracle(family))
    names = [reference.name for reference in everything]
    yardstick = next(name for name in ("bayes_optimal", "gittins", "thompson") if name in names)
    return ReferenceSet("best_fixed", "reactive", yardstick, everything)


def _ignorant(family: BernoulliBandit) -> tuple[Reference, ...]:
    """Returns `random` and `best_fixed`, which earn the mean over arms."""
    chance = same_every_pull(family, lambda tasks: tasks.mean(-1))
    return tuple(Reference(name, True, family.episodes / 2, chance) for name in ("random", "best_fixed"))


def _reactive(family: BernoulliBandit) -> tuple[Reference, ...]:
    """Returns `reactive` and `reactive_reward_only` (docs/design.md §5, traps 1 and 3).

    Beyond `MOST_ARMS` arms `reactive` is win-stay-lose-shift.
    """
    if family.arms > MOST_ARMS:
        return (Reference("reactive", False, None, partial(simulate, family, win_stay_lose_shift(family.arms))),)
    return (
        Reference("reactive", False, None, chain(family, best_reactive(family))),
        Reference("reactive_reward_only", False, None, chain(family, best_reactive_to_reward(family))),
    )


def _learning(family: BernoulliBandit, states: CountStates | None) -> tuple[Reference, ...]:
    """Returns the policies by counts, the weakest first."""
    thompson = Reference(
        "thompson",
        False,
        _weighed(family, states, thompson_chances(family.arms, family.episodes)) if states is not None else None,
        partial(simulate, family, Thompson(family.arms)),
    )
    named = [_preferring(family, states, "greedy", greedy), thompson, _preferring(family, states, "ucb1", ucb1)]
    if family.episodes <= LONGEST_LIFETIME:
        named.append(_preferring(family, states, "gittins", gittins(family.episodes)))
    if states is not None:
        best = bayes_optimal(states, family.action_noise)
        policy = Preferring(family.arms, best.preference)
        named.append(Reference("bayes_optimal", True, best.expected_return, partial(simulate, family, policy)))
    return tuple(named)


def _preferring(family: BernoulliBandit, states: CountStates | None, name: str, preference: Preference) -> Reference:
    weight = _weighed(family, states, partial(chances, preference)) if states is not None else None
    return Reference(name, False, weight, partial(simulate, family, Preferring(family.arms, preference)))


def _weighed(family: BernoulliBandit, states: CountStates, policy: Chances) -> float:
    return expected_return(states, policy, family.action_noise)


def _oracle(family: BernoulliBandit) -> Reference:
    """Returns `oracle`: E[max p] = A / (A + 1)."""
    best = (1 - family.action_noise) * family.arms / (family.arms + 1) + family.action_noise / 2
    curves = same_every_pull(family, lambda tasks: family.expected_reward(tasks, tasks.argmax(-1)))
    return Reference("oracle", True, family.episodes * best, curves)
