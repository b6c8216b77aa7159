"""Stay probabilities in the two-step task (Daw et al. 2011, Figure 2; Wang et al. 2016, §3.2).

A *model-free* agent stays after a reward whatever the transition. An agent that infers which planet pays shows a reward
× transition interaction. So does, without planning, an agent whose state tells which planet pays (Akam et al. 2015), or
one that always prefers the better ship.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ingredients.tasks.family import Lived

FAINT = 0.05  # effects that are smaller together are luck, and have no shares
SHAPE = (2, 2, 2, 2)  # was the ship the better one, was it paid, was the transition common, was the choice repeated


def stay_counts(lived: Lived) -> Tensor:
    """Returns counts of the combinations of `SHAPE`, `[S, 16]`, over all episodes but the last."""
    ship = lived.action[:, ::2]
    planet = lived.observation[:, 1::2, :, 2].long()
    better = (ship == lived.tasks.argmax(-1).unsqueeze(1))[:, :-1]
    paid = lived.reward[:, 1::2][:, :-1] > 0
    common = (planet == ship)[:, :-1]
    stays = ship[:, 1:] == ship[:, :-1]
    place = ((better.long() * 2 + paid) * 2 + common) * 2 + stays
    counts = torch.zeros(len(place), 16, dtype=torch.float64, device=place.device)
    return counts.scatter_add_(1, place.flatten(1), torch.ones_like(place.flatten(1), dtype=torch.float64))


def stay_statistics(counts: Tensor, better_is_known: bool) -> dict[str, float]:
    """Returns the statistics of one run's counts `[16]`, where they divide by no zero.

    - `stay_common_rewarded` and its three siblings: probabilities of staying.
    - `reward_effect`: what a reward adds to them, −1 to 1.
    - `interaction`: how much more it adds after common flights than after rare ones, −2 to 2.
    - `model_based_index`: interaction / (|interaction| + 2 |reward effect|), 0 (no interaction) to 1 (nothing else).
    - `interaction_given_choice`: mean interaction among flights of the better and of the worse ship, if planets do not
      swap.
    """
    by_choice = counts.view(SHAPE)
    chances = _stays(by_choice.sum(0))
    named = {
        f"stay_{transition}_{outcome}": float(chances[paid, common])
        for outcome, paid in (("rewarded", 1), ("unrewarded", 0))
        for transition, common in (("common", 1), ("rare", 0))
    }
    effect, interaction = float((chances[1] - chances[0]).mean()), float(_interaction(chances))
    total = abs(interaction) + 2 * abs(effect)
    named |= {"reward_effect": effect, "interaction": interaction}
    named["model_based_index"] = interaction / total if total > FAINT else float("nan")
    if better_is_known:
        named["interaction_given_choice"] = float(_interaction(_stays(by_choice)).mean())
    return {name: value for name, value in named.items() if value == value}


def _stays(counts: Tensor) -> Tensor:
    """Returns P(stay) `[..., paid, common]` of counts `[..., paid, common, stay]`, or NaN."""
    return counts[..., 1] / counts.sum(-1)


def _interaction(chances: Tensor) -> Tensor:
    by_transition = chances[..., 1, :] - chances[..., 0, :]
    return by_transition[..., 1] - by_transition[..., 0]
