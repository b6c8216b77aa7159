"""Windows, normalisation, G, D, C and emergence, against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from judgement_cases import curve, run

from ingredients.judgement.scores import Hurdle, Scale, early, late, lost, score, window

SCALE = Scale(curve(0.0, 0.0), yardstick_late=0.9)


@pytest.mark.parametrize(("episodes", "size"), [(5, 1), (7, 2), (10, 2), (11, 3), (50, 10), (100, 20)])
def test_windows_are_a_fifth_rounded_up(episodes: int, size: int) -> None:
    """⌈K/5⌉, literally."""
    assert window(episodes) == size


@pytest.mark.parametrize("episodes", [1, 4])
def test_fewer_than_five_episodes_are_refused(episodes: int) -> None:
    """Early and late would be half of the lifetime each."""
    with pytest.raises(ValueError, match="at least 5 episodes, got"):
        window(episodes)


@pytest.mark.parametrize(
    ("episodes", "first", "last"), [(5, 0.0, 4.0), (7, 0.5, 5.5), (50, 0.5, 44.5)], ids=["K=5", "K=7", "K=50"]
)
def test_early_and_late_are_the_means_of_their_windows(episodes: int, first: float, last: float) -> None:
    """On the curve 0, 1, 2, ...: early is the first two episodes, or the first fifth of fewer than six."""
    ramp = np.arange(episodes, dtype=np.float64)
    assert (early(ramp), late(ramp)) == (first, last)


def test_swap_costs_are_meaned_over_the_second_half() -> None:
    """K = 5 is swapped before episode 2: (2 + 3 + 4) / 3, and what differs before does not count."""
    assert lost(np.array([0.0, 1, 2, 3, 4]), np.array([9.0, 9, 0, 0, 0])) == 3.0


def test_scale_puts_the_floor_at_0_and_the_yardstick_at_1() -> None:
    """Floor .5 and yardstick .9: .7 is half-way, and 1.1 may exceed 1."""
    assert SCALE.normalise(0.5) == 0
    assert SCALE.normalise(0.9) == 1
    assert SCALE.normalise(0.7) == pytest.approx(0.5)
    assert SCALE.normalise(1.1) == pytest.approx(1.5)


def test_gain_takes_off_the_floors_own_drift() -> None:
    """A floor that drifts from 0.5 to 0.6 takes 0.1 off a raw rise of 0.3; on a span of 0.4 that leaves 0.5."""
    scale = Scale(np.array([0.5, 0.5, 0.55, 0.6, 0.6]), yardstick_late=1.0)
    assert scale.gain(np.array([0.5, 0.6, 0.7, 0.8, 0.8])) == pytest.approx((0.3 - 0.1) / 0.4)


def test_scores_of_a_run_by_hand() -> None:
    """Early .2, late .8, a swap that costs .3 from half-way on."""
    scores = score(run(4, late=0.8, early=0.2, carried=0.3), SCALE)
    assert scores.seed == 4
    assert scores.early == pytest.approx(0.2)
    assert scores.late == pytest.approx(0.8)
    assert scores.gain == pytest.approx(0.6)
    assert scores.carried == {"internal": pytest.approx(0.3)}


@pytest.mark.parametrize(
    ("reactive", "sibling", "beyond"),
    [(0.5, {}, 0.3), (0.5, {1: 0.2}, 0.3), (0.5, {1: 0.7}, 0.1), (None, {1: 0.2}, 0.6), (None, {2: 0.2}, None)],
)
def test_the_hurdle_is_the_higher_of_sibling_and_reference(
    reactive: float | None, sibling: dict[int, float], beyond: float | None
) -> None:
    """D of a run of seed 1 that ends at .8; a sibling of another seed is no hurdle for it."""
    assert Hurdle(reactive, sibling).beyond(score(run(1, late=0.8), SCALE)) == (
        None if beyond is None else pytest.approx(beyond)
    )


@pytest.mark.parametrize(("yardstick", "usable"), [(0.9, True), (0.5, False), (0.4, False)])
def test_a_yardstick_no_better_than_the_floor_gives_no_scale(yardstick: float, usable: bool) -> None:
    """Where there is nothing to adapt to, no score can be normalised."""
    assert Scale(curve(0.0, 0.0), yardstick).usable is usable
