"""References of restless bandits.

Floor and reactive policy are as for Gaussian bandits. `optimistic` takes the highest m + c √v of its exact belief, with
c tuned, constant or fading (Kalman 1960; Speekenbrink & Konstantinidis 2015).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from ingredients.references.computed import without_memory
from ingredients.references.gaussian_beliefs import (
    Belief,
    Believing,
    best_mean,
    best_of,
    best_satisficing,
    drawn,
    fading,
    optimistic,
    upper_bound,
)
from ingredients.references.gaussian_gittins import expected_maximum
from ingredients.references.policy import PolicyCurves, Reference, ReferencePolicy, ReferenceSet
from ingredients.references.simulation import simulate
from ingredients.seeds import Purpose, generator
from ingredients.tasks.blocks import by_block
from ingredients.tasks.restless_bandit import RestlessBandit

WIDTHS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)


def restless_bandit_references(family: RestlessBandit) -> ReferenceSet:
    """Returns all references, after tuning level and width."""
    believing = partial(_believing, family)
    everything = (
        Reference("random", True, 0.0, _with_present_means(family, lambda means: means.mean(-1))),
        Reference("best_fixed", True, 0.0, _with_present_means(family, lambda means: means.mean(-1))),
        _played(family, "reactive", best_satisficing(family, sees_actions=True)),
        _played(family, "reactive_reward_only", best_satisficing(family, sees_actions=False)),
        _played(family, "greedy", believing(best_mean)),
        _played(family, "thompson", believing(drawn)),
        _played(family, "ucb1", believing(upper_bound)),
        _played(family, "optimistic", best_of(family, [believing(belief) for belief in _optimistic(family.steps)])),
        Reference(
            "oracle",
            True,
            family.episodes * expected_maximum(family.arms),
            _with_present_means(family, lambda means: means.amax(-1)),
        ),
    )
    return ReferenceSet("best_fixed", "reactive", "optimistic", everything)


def _optimistic(steps: int) -> list[Belief]:
    return [*map(optimistic, WIDTHS), *(fading(width, steps) for width in WIDTHS if width)]


def _believing(family: RestlessBandit, preference: Belief) -> Believing:
    return Believing(family.arms, family.deviation, preference, family.decay)


def _played(family: RestlessBandit, name: str, policy: ReferencePolicy) -> Reference:
    return Reference(name, False, None, partial(simulate, family, policy))


def _with_present_means(
    family: RestlessBandit, reward: Callable[[Tensor], Tensor]
) -> Callable[[Tensor, int], PolicyCurves]:
    """Returns the curves of a policy that earns `reward(means)` `[N]` a pull."""

    def curves(tasks: Tensor, run: int) -> PolicyCurves:
        means = family.first(tasks, tasks[:, :0])[0]
        earned = []
        for t in range(family.steps):
            earned.append(reward(means).double())
            noise = torch.rand(len(tasks), family.noise_size, generator=generator(run, Purpose.REFERENCES, t))
            means = family.step(tasks, means, means.argmax(-1), noise).state
        rewards = torch.stack(earned)
        return without_memory(rewards.mean(1))._replace(blocks={"none": by_block(rewards.T).tolist()})

    return curves
