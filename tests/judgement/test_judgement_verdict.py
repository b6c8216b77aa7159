"""The rule: what a run is by its intervals, and what a cell is by its runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from ingredients.judgement import ENVIRONMENT, INTERNAL
from ingredients.judgement.evidence import UNKNOWN, Quantity, RunEvidence, Side, run_evidence, windows_after
from ingredients.judgement.results import Interval, RunClass, Storage
from ingredients.judgement.scores import Scale
from ingredients.judgement.shares import looks
from ingredients.judgement.verdict import RunVerdict, classify, corrected, decide, together_from
from ingredients.judgement_input.curves import BlockCurves
from ingredients.study import Criterion

ABOVE, BELOW, OPEN = ((0.2, 0.3), (-0.1, 0.05), (0.05, 0.2))
Bounds = tuple[float, float]


def quantity(bounds: Bounds | None) -> Quantity:
    """Returns a quantity with these bounds against a δ of 0.1; None: unknown."""
    if bounds is None:
        return UNKNOWN
    low, high = bounds
    side: Side = "above" if low > 0.1 else "below" if high < 0.1 else "straddles"
    return Quantity(Interval((low + high) / 2, low, high), side)


def evidence(gain: Bounds, beyond: Bounds | None, carried: dict[str, Bounds]) -> RunEvidence:
    """Returns a run's evidence by its bounds."""
    return RunEvidence(quantity(gain), quantity(beyond), {name: quantity(each) for name, each in carried.items()})


@pytest.mark.parametrize(
    ("gain", "beyond", "carried", "verdict", "storage"),
    [
        (BELOW, BELOW, {INTERNAL: BELOW}, "none", None),
        (BELOW, ABOVE, {INTERNAL: BELOW}, "none", None),
        (BELOW, BELOW, {}, "none", None),
        (BELOW, ABOVE, {INTERNAL: ABOVE}, "undecided", None),
        (BELOW, ABOVE, {INTERNAL: OPEN}, "undecided", None),
        (ABOVE, BELOW, {INTERNAL: BELOW}, "reactive", None),
        (ABOVE, ABOVE, {INTERNAL: BELOW}, "reactive", None),
        (ABOVE, ABOVE, {INTERNAL: BELOW, ENVIRONMENT: BELOW}, "reactive", None),
        (ABOVE, BELOW, {INTERNAL: BELOW, ENVIRONMENT: ABOVE}, "carried", "environment"),
        (ABOVE, BELOW, {INTERNAL: ABOVE}, "carried", "internal"),
        (ABOVE, OPEN, {INTERNAL: ABOVE}, "undecided", "internal"),
        (ABOVE, ABOVE, {INTERNAL: ABOVE}, "in-context", "internal"),
        (ABOVE, ABOVE, {INTERNAL: BELOW, ENVIRONMENT: ABOVE}, "in-context", "environment"),
        (ABOVE, ABOVE, {INTERNAL: ABOVE, ENVIRONMENT: ABOVE}, "in-context", "both"),
        (ABOVE, ABOVE, {INTERNAL: OPEN}, "undecided", None),
        (ABOVE, ABOVE, {}, "undecided", None),
        (OPEN, ABOVE, {INTERNAL: ABOVE}, "undecided", None),
        (OPEN, BELOW, {INTERNAL: BELOW}, "undecided", None),
        (ABOVE, None, {INTERNAL: ABOVE}, "undecided", None),
        (ABOVE, None, {INTERNAL: BELOW}, "reactive", None),
    ],
)
def test_a_run_is_classified_by_its_mechanism(
    gain: Bounds, beyond: Bounds | None, carried: dict[str, Bounds], verdict: RunClass, storage: Storage | None
) -> None:
    """Every row of the table in docs/verdict.md, and what lies between the rows."""
    found = classify(evidence(gain, beyond, carried))
    assert (found.verdict, found.storage) == (verdict, storage)
    assert (found.why is not None) == (verdict == "undecided")


def test_a_run_about_the_criterion_is_undecided_and_known_to_adapt() -> None:
    """Whether it earns more than a reaction is open, that it adapts by what it carries is not; noise flips no class."""
    found = classify(evidence(ABOVE, OPEN, {INTERNAL: ABOVE}))
    assert (found.verdict, found.adapts, found.excluded) == ("undecided", True, False)
    assert (found.why or "").startswith("it adapts by what it carries, and what it earns beyond a reaction interval [")
    cell = decide([found] * 5, 0, looks([5], 0.95))
    assert (cell.verdict, cell.adapts, cell.excluded) == ("undecided", True, False)
    learner = classify(evidence(ABOVE, ABOVE, {INTERNAL: ABOVE}))
    four = decide([*[learner] * 4, found], 0, looks([5], 0.95))
    assert four.verdict == "undecided"
    assert (four.reason or "").startswith("4 in-context, 1 undecided of 5; of one: it adapts by what it carries")
    assert (four.reason or "").endswith(
        "; " + "all improve by what they carry, and not all are shown to earn more than a reaction could"
    )


def test_without_a_hurdle_what_is_carried_decides_where_the_environment_can_be_written_on() -> None:
    """There no D is demanded; elsewhere a missing hurdle leaves the run undecided."""
    found = classify(evidence(ABOVE, None, {ENVIRONMENT: ABOVE}), hurdle_demanded=False)
    assert (found.verdict, found.storage) == ("in-context", "environment")


@pytest.mark.parametrize(
    ("gain", "beyond", "carried", "excluded"),
    [
        (OPEN, BELOW, {INTERNAL: OPEN}, True),
        (OPEN, OPEN, {INTERNAL: BELOW}, True),
        (BELOW, OPEN, {INTERNAL: ABOVE}, True),
        (ABOVE, OPEN, {INTERNAL: ABOVE}, False),
        (OPEN, OPEN, {}, False),
    ],
)
def test_one_quantity_below_rules_in_context_learning_out(
    gain: Bounds, beyond: Bounds | None, carried: dict[str, Bounds], excluded: bool
) -> None:
    """G, D, or C for every carrier, shown to be below δ: whatever the others are."""
    assert classify(evidence(gain, beyond, carried)).excluded is excluded


# A run's intervals


SCALE = Scale(np.zeros(40), yardstick_late=1.0)


def rows(curve: Sequence[float] | np.ndarray) -> np.ndarray:
    """Returns a curve on twenty blocks that hardly differ."""
    return np.asarray(curve) + 0.001 * np.linspace(-1, 1, 20)[:, None]


def after_the_swap(lost: Sequence[float]) -> Quantity:
    """Returns C of a run of 40 episodes that loses so much in the episodes after the swap."""
    plain = np.concatenate([np.zeros(2), np.ones(38)])
    swapped = plain.copy()
    swapped[20 : 20 + len(lost)] -= lost
    curves = BlockCurves(rows(plain), {INTERNAL: rows(swapped)}, {INTERNAL: rows(plain)})
    return run_evidence(curves, 0.5, SCALE, Criterion()).carried[INTERNAL]


@pytest.mark.parametrize(
    ("episodes", "windows"), [(5, (1, 2, 3)), (30, (2, 6, 15)), (40, (2, 7, 20)), (300, (2, 18, 150))]
)
def test_the_windows_after_a_swap(episodes: int, windows: tuple[int, ...]) -> None:
    """The first two episodes, the geometric middle, all that are left."""
    assert windows_after(episodes) == windows


@pytest.mark.parametrize(
    ("lost", "window"),
    [([0.9, 0.5, 0.1], 2), ([0.0] * 6 + [0.9] * 14, 20), ([0.1, 0.1] + [0.9] * 5, 7)],
    ids=["a short memory refills", "it commits later", "in between"],
)
def test_what_is_lost_shows_in_its_window(lost: list[float], window: int) -> None:
    """A loss is found wherever it lies after the swap."""
    found = after_the_swap(lost)
    assert (found.side, found.episodes) == ("above", window)


def test_nothing_lost_is_below_in_every_window() -> None:
    """One window above the criterion would be enough against it."""
    assert after_the_swap([0.05] * 20).side == "below"
    assert after_the_swap([0.0, 0.0, 0.0]).side == "below"


def test_what_the_control_loses_too_is_not_carried() -> None:
    """A strange state costs as much where it is of the same task: that is shock, not knowledge of the task."""
    plain = np.concatenate([np.zeros(2), np.ones(38)])
    shocked = np.concatenate([plain[:20], plain[20:] - 0.6])
    alike = BlockCurves(rows(plain), {INTERNAL: rows(shocked)}, {INTERNAL: rows(shocked)})
    uncontrolled = BlockCurves(rows(plain), {INTERNAL: rows(shocked)})
    assert run_evidence(alike, 0.5, SCALE, Criterion()).carried[INTERNAL].side == "below"
    assert run_evidence(uncontrolled, 0.5, SCALE, Criterion()).carried[INTERNAL].side == "above"


def test_gain_is_measured_from_the_first_two_episodes() -> None:
    """A lifetime of 40 in which everything is learned by the fifth episode gains; a fifth of it would hide that."""
    learned_at_once = np.concatenate([np.zeros(3), np.ones(37)])
    found = run_evidence(BlockCurves(rows(learned_at_once)), 0.5, SCALE, Criterion())
    assert found.gain.interval.mean == pytest.approx(1.0)
    assert (found.gain.side, found.beyond.side) == ("above", "above")
    assert found.beyond.interval.mean == pytest.approx(0.5)


def test_a_hurdle_on_the_same_tasks_is_paired() -> None:
    """Tasks that are hard for both leave D certain; against the mean hurdle alone it would not be."""
    hard = np.linspace(-0.4, 0.4, 20)[:, None] * np.ones(40)
    curves = BlockCurves(0.9 + hard)
    paired = run_evidence(curves, 0.7 + hard[:, 0], SCALE, Criterion()).beyond
    assert paired.interval.low == pytest.approx(0.2)
    assert paired.side == "above"
    assert run_evidence(curves, 0.7, SCALE, Criterion()).beyond.side == "straddles"


def test_few_blocks_give_wide_intervals_and_one_none() -> None:
    """One task is no evidence about others."""
    assert run_evidence(BlockCurves(np.ones((1, 40))), 0.5, SCALE, Criterion()).gain.side == "unknown"


# A cell


def runs(**counts: int) -> list[RunVerdict]:
    """Returns so many runs of each class; `in_context` stands for in-context."""
    named = {name.replace("_", "-"): count for name, count in counts.items()}
    return [
        RunVerdict(name, "internal" if name in ("in-context", "carried") else None, name in ("none", "reactive"))  # type: ignore[arg-type]
        for name, count in named.items()
        for _ in range(count)
    ]


def decided(failed: int = 0, **counts: int) -> tuple[str | None, str | None]:
    """Returns the verdict on a cell at its first look, and the storage."""
    found = decide(runs(**counts), failed, looks([sum(counts.values()) + failed], 0.95))
    return found.verdict, found.storage


def test_five_of_five_decide_and_three_of_three_never_do() -> None:
    """5 of 5 bound the share at .549, 3 of 3 at .368, 4 of 4 at .473."""
    assert decided(in_context=5) == ("in-context", "internal")
    assert decided(none=5) == ("none", None)
    assert decided(in_context=4)[0] == decided(none=3)[0] == decided(reactive=1)[0] == "undecided"
    assert decided(in_context=4, none=1)[0] == "mixed"
    assert decided(in_context=7, none=1)[0] == "in-context"
    assert decided(in_context=8, none=2)[0] == "mixed"


def test_runs_that_differ_are_a_finding() -> None:
    """Both groups are shown, and what their count says of the share of learners."""
    found = decide(runs(in_context=3, none=2), 0, looks([5], 0.95))
    assert (found.verdict, found.reason) == ("mixed", "runs differ: 3 in-context, 2 none of 5")
    assert found.classes == (("in-context", 3), ("none", 2))
    assert (found.learners.low, found.learners.high) == pytest.approx((0.189, 0.924), abs=1e-3)
    assert not found.excluded


def test_failed_runs_count_against_every_verdict() -> None:
    """They are of no class: five learners beside one failed run are five of six, which does not decide."""
    assert decided(in_context=5, failed=1)[0] == "undecided"
    assert decided(in_context=7, failed=1)[0] == "in-context"
    found = decide(runs(in_context=5), 2, looks([7], 0.95))
    assert found.learners.of == 7
    assert "5 in-context, 2 failed of 7" in (found.reason or "")


def test_a_cell_that_can_only_be_none_or_reactive_is_known_as_that() -> None:
    """Three none and two reactive are mixed, and most are shown not to learn in context."""
    found = decide(runs(none=3, reactive=2), 0, looks([5], 0.95))
    assert (found.verdict, found.excluded) == ("mixed", True)


def test_an_undecided_run_says_what_keeps_it_so() -> None:
    """The most common reason stands for all."""
    unsure = [RunVerdict("undecided", why="gain interval [0.05, 0.20] straddles the criterion")] * 5
    assert decide(unsure, 0, looks([5], 0.95)).reason == (
        "5 undecided of 5: gain interval [0.05, 0.20] straddles the criterion"
    )


def test_verdicts_hold_by_themselves_and_holm_says_whether_they_hold_together() -> None:
    """P = 1/32 for five of five; sixteen of them hold together from nine seeds on."""
    five = [decide(runs(in_context=5), 0, looks([5], 0.95)) for _ in range(16)]
    nine = [decide(runs(in_context=9), 0, looks([9], 0.95)) for _ in range(16)]
    assert {(found.verdict, found.p, found.p_holm) for found in corrected(five)} == {("in-context", 1 / 32, 0.5)}
    assert all(found.p_holm is not None and found.p_holm <= 0.05 for found in corrected(nine))
    assert together_from(16, Criterion()) == 9
