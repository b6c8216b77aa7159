"""Whether a policy follows the belief in its memory, on memories whose working is known."""

from __future__ import annotations

import torch
from torch import Tensor

from ingredients.inner.algorithms import along, known_algorithms, lived
from ingredients.inner.belief import pulls_looked_at
from ingredients.inner.cause import RANDOM, cause, pairs
from ingredients.inner.models import belief_model
from ingredients.tasks.bernoulli_bandit import BernoulliBandit

ARMS, PULLS, LIFETIMES = 2, 20, 256


def _lifetimes() -> tuple[Tensor, Tensor, Tensor]:
    """Counts, posterior means and Bayes-optimal probabilities at the pulls looked at, `[N, X, ...]`."""
    model = belief_model(BernoulliBandit(ARMS, PULLS))
    best = known_algorithms(model)["bayes_optimal"]
    draws = torch.Generator().manual_seed(0)
    histories = lived(best, model, torch.rand(1, LIFETIMES, ARMS, generator=draws), 0.0, draws)
    at, counts = pulls_looked_at(PULLS), model.counts(histories)
    return counts[0][:, at], model.posterior.told(counts)[0][:, at, :ARMS], along(best, histories)[0][:, at]


def _slopes(copies: int, read: int) -> dict[str, float]:
    """The slopes of an agent that holds the means in some copies beside noise, and acts on `read` of them."""
    counts, means, best = _lifetimes()
    draws = torch.Generator().manual_seed(1)
    noise = 0.1 * torch.randn(1, LIFETIMES, means.shape[1], 6, generator=draws)
    outputs = torch.cat([means.float().unsqueeze(0)] * copies + [noise], -1)

    def policy(held: Tensor) -> Tensor:
        logits: Tensor = 200 / copies * held[..., : ARMS * read].view(*held.shape[:-1], read, ARMS).sum(-2).double()
        return logits.softmax(-1)

    found = cause(policy, outputs, means.unsqueeze(0), counts, best, draws)
    return {name: float(slope) for name, slope in found.items()}


def test_donors_differ_in_one_arm() -> None:
    """A lifetime and its donor have equal counts of every arm but the one named, and differ there."""
    counts = _lifetimes()[0]
    found = pairs(counts, torch.Generator().manual_seed(2))
    apart = (counts[found.lifetime, found.pull] != counts[found.donor, found.pull]).any(-1)
    assert len(found.arm) > LIFETIMES
    assert (apart.sum(-1) == 1).all()
    assert (apart.int().argmax(-1) == found.arm).all()


def test_a_policy_that_reads_the_belief_follows_it() -> None:
    """It moves as far as with the donor's whole memory, and farther than along any random direction."""
    found = _slopes(copies=1, read=1)
    assert found["belief"] > 0.9 * found["memory"] > 0.3
    assert abs(found["random"]) < 0.2 * found["belief"]
    assert found["random_highest"] < 0.5 * found["belief"]


def test_a_policy_that_reads_another_copy_follows_in_part() -> None:
    """Of two copies the decoder moves both by half, and a policy that reads one goes half as far as it should."""
    whole, part = _slopes(copies=2, read=2), _slopes(copies=2, read=1)
    assert 0 < part["belief"] < whole["belief"]


def test_a_policy_that_reads_nothing_does_not_follow() -> None:
    """Its probabilities never move: all slopes are exactly 0, whatever the decoder reads."""
    counts, means, best = _lifetimes()
    outputs = means.float().unsqueeze(0)
    found = cause(
        lambda held: torch.full((*held.shape[:-1], ARMS), 1 / ARMS, dtype=torch.float64),
        outputs,
        means.unsqueeze(0),
        counts,
        best,
        torch.Generator().manual_seed(3),
    )
    assert {name: float(slope) for name, slope in found.items()} == {
        "belief": 0.0,
        "memory": 0.0,
        "random": 0.0,
        "random_highest": 0.0,
    }
    assert RANDOM >= 20
