"""How far a policy is from each candidate algorithm (listed in docs/inner-algorithm.md).

The distance of a policy π from a candidate c is, over decisions h of lifetimes,

    D(c) = Σ_h w(h) ½ ‖π(· | h) − c(· | h)‖² / Σ_h w(h),   w(h) = max_a Q*(h, a) − min_a Q*(h, a).
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from ingredients.inner.algorithms import Recency, softened, states_along
from ingredients.inner.histories import Histories
from ingredients.inner.models.model import BeliefModel, Learner

TEMPERATURES: Final = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


def distances(policy: Tensor, histories: Histories, model: BeliefModel, thompson: Tensor) -> dict[str, Tensor]:
    """Returns each run's distance from each of the model's candidates, `[S]`.

    `policy` and `thompson` are probabilities `[S, N, T, A]`.
    """
    counts = model.counts(histories)
    stakes = model.gaps(counts).amax(-1)
    half = policy.shape[1] // 2
    fit, test = (stakes * _of_half(stakes, half, first) for first in (True, False))
    preferences: dict[str, list[Tensor]] = {
        "bayes-adaptive": [model.posterior.values(counts)],
        "greedy": [model.posterior.means(counts)],
        **{name: _learned(learner, model.course.actions, histories) for name, learner in model.learners.items()},
    }
    found = {name: _best_fit(policy, some, fit, test) for name, some in preferences.items()}
    found["posterior-sampling"] = distance(policy, thompson, test)
    last = _last_episode(model.course.code(histories))
    found["reactive"] = distance(policy, _own_mean(policy, last, half), test)
    found["history-free"] = distance(policy, _own_mean(policy, torch.zeros_like(last), half), test)
    return {name: found[name] for name in model.candidates}


def distance(policy: Tensor, other: Tensor, weights: Tensor) -> Tensor:
    """Returns D, `[S]`, for probabilities `[S, N, T, A]` and weights `[S, N, T]`."""
    apart = 0.5 * (policy - other).square().sum(-1)
    return (weights * apart).sum((1, 2)) / weights.sum((1, 2)).clamp(min=1e-12)


def _of_half(like: Tensor, half: int, first: bool) -> Tensor:
    """Returns 1 in one half's lifetimes, else 0, like `like` `[S, N, T]`."""
    chosen = (torch.arange(like.shape[1]) < half) == first
    return chosen.view(1, -1, 1).expand_as(like).to(like.dtype)


def _best_fit(policy: Tensor, preferences: list[Tensor], fit: Tensor, test: Tensor) -> Tensor:
    """Returns the `test` distance of the softmax nearest on `fit`, `[S]`."""
    made = (softened(each, temperature) for each in preferences for temperature in TEMPERATURES)
    both = torch.stack([torch.stack([distance(policy, each, weights) for weights in (fit, test)]) for each in made])
    fitted, tested = both.unbind(1)
    return tested.gather(0, fitted.argmin(0, keepdim=True)).squeeze(0)


def _learned(learner: Learner, actions: int, histories: Histories) -> list[Tensor]:
    """Returns a learner's numbers at decisions, `[S, N, T, A]`, for each rate."""
    return [states_along(Recency(actions, learner, rate), histories) for rate in learner.rates]


def _last_episode(codes: Tensor) -> Tensor:
    """Returns 1 + the last episode's code before each decision, `[S, N, T]`; 0 at first."""
    after = 1 + codes
    return torch.cat((torch.zeros_like(after[..., :1]), after[..., :-1]), -1)


def _own_mean(policy: Tensor, group: Tensor, half: int) -> Tensor:
    """Returns the policy's mean in the first half, by pull and known group `[S, N, T]`."""
    runs, _, pulls, arms = policy.shape
    groups = int(group.max()) + 1
    fit = policy[:, :half]
    place = group.unsqueeze(-1).expand(-1, -1, -1, arms)
    sums = policy.new_zeros(runs, groups, pulls, arms).scatter_add_(1, place[:, :half], fit)
    sizes = policy.new_zeros(runs, groups, pulls, arms).scatter_add_(1, place[:, :half], torch.ones_like(fit))
    means = torch.where(sizes > 0, sums / sizes.clamp(min=1), fit.mean(1, keepdim=True))
    return means.gather(1, place)
