"""References of Gaussian bandits.

The floor earns 0 a pull. The reactive policy repeats an arm that paid more than a tuned level. Beyond
`LONGEST_LIFETIME` pulls `thompson` is the yardstick.
"""

from __future__ import annotations

from functools import partial

from ingredients.references.computed import same_every_pull
from ingredients.references.gaussian_beliefs import Belief, Believing, best_mean, best_satisficing, drawn, upper_bound
from ingredients.references.gaussian_gittins import LONGEST_LIFETIME, expected_maximum, gittins_preference
from ingredients.references.policy import Reference, ReferencePolicy, ReferenceSet
from ingredients.references.simulation import simulate
from ingredients.tasks.gaussian_bandit import GaussianBandit


def gaussian_bandit_references(family: GaussianBandit) -> ReferenceSet:
    """Returns all references, after calibration and search."""
    mean = same_every_pull(family, lambda tasks: tasks.mean(-1))
    named = [
        Reference("random", True, 0.0, mean),
        Reference("best_fixed", True, 0.0, mean),
        _played(family, "reactive", best_satisficing(family, sees_actions=True)),
        _played(family, "reactive_reward_only", best_satisficing(family, sees_actions=False)),
        _believing(family, "greedy", best_mean),
        _believing(family, "thompson", drawn),
        _believing(family, "ucb1", upper_bound),
    ]
    if family.episodes <= LONGEST_LIFETIME:
        named.append(_believing(family, "gittins", gittins_preference(family.episodes, family.deviation)))
    best = family.episodes * expected_maximum(family.arms)
    named.append(Reference("oracle", True, best, same_every_pull(family, lambda tasks: tasks.amax(-1))))
    yardstick = "gittins" if family.episodes <= LONGEST_LIFETIME else "thompson"
    return ReferenceSet("best_fixed", "reactive", yardstick, tuple(named))


def _believing(family: GaussianBandit, name: str, preference: Belief) -> Reference:
    return _played(family, name, Believing(family.arms, family.deviation, preference))


def _played(family: GaussianBandit, name: str, policy: ReferencePolicy) -> Reference:
    return Reference(name, False, None, partial(simulate, family, policy))
