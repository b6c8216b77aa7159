"""Agents less references: an interval that counts seeds, the reference's luck and the tasks."""

from __future__ import annotations

import numpy as np
import pytest

from ingredients.judgement.beside import paired_interval, passed_by
from ingredients.judgement.statistics import t_interval
from ingredients.judgement_input.curves import RunCurves
from ingredients.judgement_input.references import ReferenceCurves


def run(seed: int, blocks: list[float] | None) -> RunCurves:
    """Returns a run of one episode a lifetime, whose curve is the mean of its blocks."""
    given = None if blocks is None else np.array(blocks)
    return RunCurves(seed, np.array([0.0 if given is None else given.mean()]), blocks=given)


def test_without_luck_it_is_the_interval_over_seeds_and_tasks_by_hand() -> None:
    """Blocks differ by 1, 2 and 3 in the mean; rows by nothing beyond the rest: a t interval over the blocks."""
    agents = np.array([[2.0, 4.0, 6.0], [2.0, 4.0, 6.0]])
    found = paired_interval(agents, np.array([[1.0, 2.0, 3.0]]), 0.95)
    by_hand = t_interval([1.0, 2.0, 3.0], 0.95)
    assert (found.mean, found.low, found.high) == pytest.approx((by_hand.mean, by_hand.low, by_hand.high))


def test_tasks_in_common_cost_nothing() -> None:
    """Where a hard block is as hard for both, only seeds are left: MS_rows / RG, a t interval over the runs."""
    hard = np.array([10.0, 0.0, -10.0, 3.0])
    agents = np.stack([hard + seed for seed in (1.0, 2.0, 4.5)])
    found, by_hand = paired_interval(agents, hard[None], 0.95), t_interval([1.0, 2.0, 4.5], 0.95)
    assert (found.mean, found.low, found.high) == pytest.approx((by_hand.mean, by_hand.low, by_hand.high))


def test_the_luck_of_the_reference_widens_it() -> None:
    """Five streams of luck that differ count as much as five seeds that differ would."""
    hard, still = np.linspace(-1, 1, 8), np.zeros((5, 1))
    lucky = np.array([[-1.0], [0.5], [0.0], [1.5], [-1.0]])
    constant = paired_interval(hard + np.array([[2.0], [2.2]]), hard + still, 0.95)
    drawn = paired_interval(hard + np.array([[2.0], [2.2]]), hard + lucky, 0.95)
    assert drawn.mean == pytest.approx(constant.mean)
    assert drawn.high - drawn.low > constant.high - constant.low  # type: ignore[operator]
    swapped = paired_interval(hard + lucky, hard + np.array([[2.0], [2.2]]), 0.95)
    assert (swapped.low, swapped.high) == pytest.approx((-drawn.high, -drawn.low))  # type: ignore[operator]


def test_it_covers_what_it_says() -> None:
    """Over drawn seeds, luck and tasks it holds the truth in about 95 of 100; over runs alone in far fewer."""
    draw, truth, covered, narrow = np.random.default_rng(0), 0.7, 0, 0
    for _ in range(400):
        task, other = draw.normal(0, 1, 20), draw.normal(0, 1, 20)
        agents = truth + draw.normal(0, 0.2, (5, 1)) + task + draw.normal(0, 0.5, (5, 20))
        policy = draw.normal(0, 0.1, (5, 1)) + 0.5 * task + other + draw.normal(0, 0.5, (5, 20))
        found = paired_interval(agents, policy, 0.95)
        covered += found.low <= truth <= found.high  # type: ignore[operator]
        alone = t_interval(agents.mean(1) - policy.mean(), 0.95)
        narrow += alone.low <= truth <= alone.high  # type: ignore[operator]
    assert 0.92 <= covered / 400 <= 0.985
    assert narrow / 400 < 0.8


def test_results_without_blocks_have_an_interval_over_runs() -> None:
    """Older references lack blocks: they are taken as a constant; and one run without a second gives no bounds."""
    agents = [run(seed, [1.0 + seed, 3.0 + seed]) for seed in range(3)]
    older = ReferenceCurves("beb", False, None, (run(0, None), run(1, None)))
    assert passed_by(agents, older, 0.95) == t_interval([2.0, 3.0, 4.0], 0.95)
    known = ReferenceCurves("beb", False, None, (run(0, [1.0, 1.0]), run(1, [1.0, 1.0])))
    assert passed_by(agents, known, 0.95).mean == 2.0
    assert passed_by(agents[:1], known, 0.95).low is None
    assert passed_by([], known, 0.95).mean is None
