"""How far a policy is from each algorithm that it might be: the distances that the verdict compares.

The distance of a policy π from a candidate c is, over the decisions h of lifetimes,

    D(c) = Σ_h w(h) ½ ‖π(· | h) − c(· | h)‖² / Σ_h w(h),   w(h) = max_a Q*(h, a) − min_a Q*(h, a),

so that a decision counts by what is at stake in it. Where two candidates agree, they are equally far, whatever π does:
the difference of two distances rests on those decisions alone that tell the two apart.

| candidate | policy |
|---|---|
| `bayes-adaptive` | softmax of Q*(h, ·) |
| `greedy` | softmax of the posterior means |
| `posterior-sampling` | the chance of each arm to be the best (Thompson): the formula of claim 5, read literally |
| `recency` | softmax of recency-weighted means (`algorithms.Recency`) |
| `reactive` | π's own mean by pull, last arm and last pay-off: the best account by the last pull |
| `history-free` | π's own mean by pull: the best account that knows no history |

A trained policy never is quite deterministic, so a softmax has the temperature, 0 among them, that fits π best, and the
recency-weighted learner its rate. Posterior sampling says itself how random it is. Whatever is fitted, is fitted to the
first half of the lifetimes; all distances are those of the other half.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from ingredients.inner.algorithms import Recency, softened, states_along
from ingredients.inner.histories import Histories
from ingredients.inner.names import CANDIDATES
from ingredients.inner.values import ActionValues
from ingredients.references.bandit_policies import posterior_mean

TEMPERATURES: Final = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
RATES: Final = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0)


def distances(policy: Tensor, histories: Histories, values: ActionValues, thompson: Tensor) -> dict[str, Tensor]:
    """Returns the distance of each run's policy from each of `CANDIDATES`, `[S]`.

    Args:
        policy: the chance of each arm, `[S, N, T, A]`.
        histories: the lifetimes in which it was asked.
        values: what is at stake.
        thompson: the chances of posterior sampling in the same lifetimes, `[S, N, T, A]`.
    """
    counts = histories.counts(values.arms)
    stakes = values.gaps(counts).amax(-1)
    half = policy.shape[1] // 2
    fit, test = (stakes * _of_half(stakes, half, first) for first in (True, False))
    preferences = {
        "bayes-adaptive": [values.of(counts)],
        "greedy": [posterior_mean(counts.double())],
        "recency": [states_along(Recency(values.arms, rate), histories) for rate in RATES],
    }
    found = {name: _best_fit(policy, some, fit, test) for name, some in preferences.items()}
    found["posterior-sampling"] = distance(policy, thompson, test)
    last = _last_pull(histories)
    found["reactive"] = distance(policy, _own_mean(policy, last, half), test)
    found["history-free"] = distance(policy, _own_mean(policy, torch.zeros_like(last), half), test)
    return {name: found[name] for name in CANDIDATES}


def distance(policy: Tensor, other: Tensor, weights: Tensor) -> Tensor:
    """Returns D, `[S]`, for chances `[S, N, T, A]` and weights `[S, N, T]`."""
    apart = 0.5 * (policy - other).square().sum(-1)
    return (weights * apart).sum((1, 2)) / weights.sum((1, 2)).clamp(min=1e-12)


def _of_half(like: Tensor, half: int, first: bool) -> Tensor:
    """Returns 1 for the lifetimes of one half and 0 for the others, in the shape of `like` `[S, N, T]`."""
    chosen = (torch.arange(like.shape[1]) < half) == first
    return chosen.view(1, -1, 1).expand_as(like).to(like.dtype)


def _best_fit(policy: Tensor, preferences: list[Tensor], fit: Tensor, test: Tensor) -> Tensor:
    """Returns the distance, on `test`, of the softmax that is nearest on `fit`, run by run, `[S]`."""
    made = [softened(each, temperature) for each in preferences for temperature in TEMPERATURES]
    fitted, tested = (torch.stack([distance(policy, each, weights) for each in made]) for weights in (fit, test))
    return tested.gather(0, fitted.argmin(0, keepdim=True)).squeeze(0)


def _last_pull(histories: Histories) -> Tensor:
    """Returns the arm pulled before each decision and its pay-off, as one number, `[S, N, T]`; 0 at the start."""
    after = 1 + 2 * histories.actions + histories.rewards.long()
    return torch.cat((torch.zeros_like(after[..., :1]), after[..., :-1]), -1)


def _own_mean(policy: Tensor, group: Tensor, half: int) -> Tensor:
    """Returns the policy's mean over lifetimes of the first half, by pull and group `[S, N, T]`, for every decision.

    A group that the first half never met has the mean of its pull.
    """
    runs, _, pulls, arms = policy.shape
    groups = int(group.max()) + 1
    fit = policy[:, :half]
    place = group.unsqueeze(-1).expand(-1, -1, -1, arms)
    sums = policy.new_zeros(runs, groups, pulls, arms).scatter_add_(1, place[:, :half], fit)
    sizes = policy.new_zeros(runs, groups, pulls, arms).scatter_add_(1, place[:, :half], torch.ones_like(fit))
    means = torch.where(sizes > 0, sums / sizes.clamp(min=1), fit.mean(1, keepdim=True))
    return means.gather(1, place)
