"""The dynamic Tiger of `ablations`: what it pays, to whom, and the most that can be earned."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from dynamic_tiger import LISTEN, DynamicTiger

EPISODES = 40_000


def played(listens: int) -> float:
    """Returns what an episode earns on average to who listens so often, then opens the door last not heard."""
    family, draw = DynamicTiger(episodes=5), torch.Generator().manual_seed(0)
    tasks = family.draw_tasks(draw, EPISODES)
    state, heard = family.first(tasks, torch.rand(EPISODES, 1, generator=draw))
    earned = torch.zeros(EPISODES)
    for number in range(listens + 1):
        door = heard.argmin(-1) if number == listens else torch.full((EPISODES,), LISTEN)
        step = family.step(tasks, state, door, torch.rand(EPISODES, 2, generator=draw))
        earned += step.reward
        state, heard = step.state, step.observation
        assert step.terminated.all() == (number == listens)
    return float(earned.mean())


def played_until_two_agree() -> float:
    """Returns what an episode earns on average to who opens once the last two sounds are from the same door."""
    family, draw = DynamicTiger(episodes=5), torch.Generator().manual_seed(1)
    tasks = family.draw_tasks(draw, EPISODES)
    state, heard = family.first(tasks, torch.rand(EPISODES, 1, generator=draw))
    earned, playing, before = torch.zeros(EPISODES), torch.ones(EPISODES, dtype=torch.bool), torch.zeros(EPISODES, 2)
    for _ in range(family.episode_steps):
        agree = (heard * before).sum(-1) > 0
        step = family.step(
            tasks, state, torch.where(agree, heard.argmin(-1), LISTEN), torch.rand(EPISODES, 2, generator=draw)
        )
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


@pytest.mark.parametrize(("listens", "earned"), [(0, -45.0), (1, -19.6)])
def test_simple_policies_earn_what_the_study_says(listens: int, earned: float) -> None:
    """To open at once, and to listen once: 10 or -100 with the probabilities of the two draws."""
    assert played(listens) == pytest.approx(earned, abs=0.8)  # three standard errors are 0.75 and 0.7


def test_who_waits_for_two_sounds_that_agree_earns_what_the_study_says() -> None:
    """It is nearly as good as the exact belief."""
    assert played_until_two_agree() == pytest.approx(-12.5, abs=0.6)


def test_the_most_that_can_be_earned() -> None:
    """The exact belief earns -10.8, as the study says."""
    family = DynamicTiger(episodes=5)
    assert best(family.episode_steps, family.accuracy, family.stays) == pytest.approx(-10.80, abs=0.01)
