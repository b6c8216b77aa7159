"""Known policies, really played on bandits, go through the rule as if they were cells, and come out by their mechanism.

A pool of runs is played once; each of 20 simulated studies draws five of each policy. `tests/benchmarks/verdict.py`
does the same with 200 studies at three sizes.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from known_policies import EXPECTED, Pools, judged, pools

from ingredients.judgement import Judgement

STUDIES = 20


@pytest.fixture(scope="module")
def small() -> Pools:
    """Seven runs of every policy on 3 arms × 30 pulls, 800 tasks."""
    return pools(arms=3, pulls=30, tasks=800, runs=7)


@pytest.fixture(scope="module")
def studies(small: Pools) -> list[tuple[Judgement, int]]:
    """Simulated studies, and how many runs of the mixture learned."""
    return [judged(small, np.random.default_rng([study, 2])) for study in range(STUDIES)]


@pytest.mark.parametrize("policy", EXPECTED)
def test_a_policy_comes_out_by_its_mechanism(small: Pools, studies: list[tuple[Judgement, int]], policy: str) -> None:
    """In every study: `none`, `reactive`, `carried` and `in-context` say what moves it, not how much it earns."""
    place = list(small.runs).index(policy)
    found = Counter(judgement.cells[place].verdict for judgement, _ in studies)
    assert all(judgement.calibration.passed for judgement, _ in studies)
    assert set(found) <= set(EXPECTED[policy]), found


def test_a_mixture_is_called_by_its_count(studies: list[tuple[Judgement, int]]) -> None:
    """Runs that learn and runs that do not: mixed, unless all five are of one kind."""
    for judgement, learners in studies:
        expected = {0: "none", 5: "in-context"}.get(learners, "mixed")
        assert (judgement.cells[-1].verdict, judgement.cells[-1].learned) == (expected, learners)
