"""The dynamic Tiger of `ablations`: what it pays, to whom, and the most that can be earned."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from dynamic_tiger import LISTEN, DynamicTiger
from torch import Tensor

EPISODES = 40_000


def played(opens: Callable[[Tensor, Tensor], Tensor]) -> float:
    """Returns what an episode earns on average to who opens, once `opens` says so, the door that was last not heard.

    `opens` is asked with the last two sounds, the earlier one first, each `[N, 2]` and 0 where there was none.
    """
    family, draw = DynamicTiger(episodes=5), torch.Generator().manual_seed(0)
    tasks = family.draw_tasks(draw, EPISODES)
    state, heard = family.first(tasks, torch.rand(EPISODES, 1, generator=draw))
    earned, playing, before = torch.zeros(EPISODES), torch.ones(EPISODES, dtype=torch.bool), heard
    for _ in range(family.episode_steps):
        action = torch.where(opens(before, heard), heard.argmin(-1), LISTEN)
        step = family.step(tasks, state, action, torch.rand(EPISODES, 2, generator=draw))
        assert torch.equal(step.terminated, action != LISTEN)
        earned += step.reward * playing
        playing &= ~step.terminated
        state, before, heard = step.state, heard, step.observation
    return float(earned.mean())


def best(steps: int, accuracy: float, stays: float) -> float:
    """Returns the most that an episode earns, by dynamic programming over the belief that the tiger is on the left."""
    left = np.linspace(0, 1, 20_001)
    opened = np.maximum(10 - 110 * left, 110 * left - 100)
    value = np.zeros_like(left)
    for _ in range(steps):
        hears_left = accuracy * left + (1 - accuracy) * (1 - left)
        beliefs = accuracy * left / hears_left, (1 - accuracy) * left / (1 - hears_left)
        then = [np.interp(stays * belief + (1 - stays) * (1 - belief), left, value) for belief in beliefs]
        value = np.maximum(opened, -1 + hears_left * then[0] + (1 - hears_left) * then[1])
    return float(value[len(left) // 2])


@pytest.mark.parametrize(
    ("opens", "earned", "within"),  # three standard errors
    [
        (lambda before, heard: torch.ones(EPISODES, dtype=torch.bool), -45.0, 0.8),
        (lambda before, heard: heard.any(-1), -19.6, 0.8),
        (lambda before, heard: (before * heard).any(-1), -12.5, 0.6),
    ],
    ids=["at once", "after one sound", "once two sounds agree"],
)
def test_simple_policies_earn_what_the_study_says(
    opens: Callable[[Tensor, Tensor], Tensor], earned: float, within: float
) -> None:
    """The less who opens has heard, the more often it meets the tiger."""
    assert played(opens) == pytest.approx(earned, abs=within)


def test_the_most_that_can_be_earned() -> None:
    """The exact belief earns -10.8, as the study says."""
    family = DynamicTiger(episodes=5)
    assert best(family.episode_steps, family.accuracy, family.stays) == pytest.approx(-10.80, abs=0.01)
