"""Known policies, really played on bandits, go through the rule as if they were cells, and come out by their mechanism.

A pool of runs is played once; each of 20 simulated studies draws five of each policy. `tests/benchmarks/verdict.py`
does the same with 200 studies at three sizes.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from known_policies import EXPECTED, MIXTURES, Pools, judged, pools, right_of_mixture

from ingredients.judgement import Judgement

STUDIES = 20
Simulated = list[tuple[Judgement, tuple[int, ...]]]
"""Judgements, each with how many runs of each mixture are of its first policy."""


@pytest.fixture(scope="module")
def small() -> Pools:
    """Seven runs of every policy on 3 arms × 30 pulls, 800 tasks."""
    return pools(arms=3, pulls=30, tasks=800, runs=7)


@pytest.fixture(scope="module")
def studies(small: Pools) -> Simulated:
    """Simulated studies."""
    return [judged(small, np.random.default_rng([study, 2])) for study in range(STUDIES)]


@pytest.mark.parametrize("policy", EXPECTED)
def test_a_policy_comes_out_by_its_mechanism(small: Pools, studies: Simulated, policy: str) -> None:
    """In every study: `none`, `reactive`, `carried` and `in-context` say what moves it, not how much it earns."""
    place = list(small.runs).index(policy)
    found = Counter(judgement.cells[place].verdict for judgement, _ in studies)
    assert all(judgement.calibration.passed for judgement, _ in studies)
    assert set(found) <= set(EXPECTED[policy]), found


def test_a_mixture_is_called_by_its_count(studies: Simulated) -> None:
    """Runs of two policies: mixed, unless all five are of one; those of the first that learn are counted."""
    for judgement, firsts in studies:
        cells = judgement.cells[-len(MIXTURES) :]
        for mixture, of_first, cell in zip(MIXTURES, firsts, cells, strict=True):
            assert cell.verdict in right_of_mixture(mixture, of_first), (mixture, cell.classes)
            assert cell.learned == of_first
