"""The rule on plain numbers: every verdict, its borders, its p, and what keeps a cell undecided."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ingredients.judgement.statistics import p_against
from ingredients.judgement.verdict import (
    Decision,
    Evidence,
    RunEvidence,
    corrected,
    decide,
    learned,
    with_failures,
)
from ingredients.study import Criterion

CRITERION = Criterion()
ABOVE, BELOW, STRADDLES = (0.5, 0.52, 0.54), (0.0, 0.01, 0.02), (0.0, 0.1, 0.4)


def evidence(
    gain: tuple[float, ...],
    beyond: tuple[float, ...] | None = None,
    internal: tuple[float, ...] | None = None,
    environment: tuple[float, ...] | None = None,
    demanded: bool = True,
) -> Evidence:
    """Returns the evidence of runs with these G, D and C."""
    carriers = {"internal": internal, "environment": environment}
    runs = tuple(
        RunEvidence(
            gain=value,
            beyond=None if beyond is None else beyond[index],
            carried={name: values[index] for name, values in carriers.items() if values is not None},
        )
        for index, value in enumerate(gain)
    )
    return Evidence(runs, demanded)


@pytest.mark.parametrize(
    ("gain", "beyond", "carried", "verdict"),
    [
        (ABOVE, ABOVE, ABOVE, "in-context"),
        (ABOVE, BELOW, ABOVE, "reactive"),
        (ABOVE, BELOW, BELOW, "reactive"),
        (ABOVE, BELOW, STRADDLES, "reactive"),
        (ABOVE, ABOVE, BELOW, "reactive"),
        (ABOVE, STRADDLES, BELOW, "reactive"),
        (ABOVE, STRADDLES, ABOVE, "undecided"),
        (ABOVE, ABOVE, STRADDLES, "undecided"),
        (ABOVE, STRADDLES, STRADDLES, "undecided"),
        (STRADDLES, ABOVE, ABOVE, "undecided"),
        (STRADDLES, BELOW, BELOW, "undecided"),
        (BELOW, ABOVE, ABOVE, "none"),
        (BELOW, BELOW, BELOW, "none"),
    ],
)
def test_verdict_table(
    gain: tuple[float, ...], beyond: tuple[float, ...], carried: tuple[float, ...], verdict: str
) -> None:
    """Every combination of sides that the rule tells apart."""
    assert decide(evidence(gain, beyond, carried), CRITERION).verdict == verdict


@pytest.mark.parametrize(
    ("internal", "environment", "verdict", "storage"),
    [
        (ABOVE, BELOW, "in-context", "internal"),
        (BELOW, ABOVE, "in-context", "environment"),
        (ABOVE, ABOVE, "in-context", "both"),
        (BELOW, BELOW, "reactive", None),
        (BELOW, STRADDLES, "undecided", None),
    ],
)
def test_storage_says_which_carrier_holds_the_past(
    internal: tuple[float, ...], environment: tuple[float, ...], verdict: str, storage: str | None
) -> None:
    """One carrier is enough for in-context; reactive asks that none carries."""
    decision = decide(evidence(ABOVE, ABOVE, internal, environment), CRITERION)
    assert (decision.verdict, decision.storage) == (verdict, storage)


@pytest.mark.parametrize(("carried", "verdict"), [(ABOVE, "in-context"), (BELOW, "reactive"), (STRADDLES, "undecided")])
def test_where_no_hurdle_is_demanded_what_is_carried_decides(carried: tuple[float, ...], verdict: str) -> None:
    """A writable environment without a reactive reference has no D."""
    assert decide(evidence(ABOVE, None, carried, demanded=False), CRITERION).verdict == verdict


@pytest.mark.parametrize(("gain", "verdict"), [(ABOVE, "undecided"), (BELOW, "none")])
def test_without_anything_to_compare_with_only_none_can_be_said(gain: tuple[float, ...], verdict: str) -> None:
    """A gain may be reactive or in-context if neither sibling nor reactive reference is there."""
    decision = decide(evidence(gain, None, ABOVE), CRITERION)
    assert decision.verdict == verdict
    assert (decision.reason is None) == (verdict == "none")
    assert decision.reason is None or "neither a memory-off sibling nor a reactive reference" in decision.reason


@pytest.mark.parametrize(
    ("value", "verdict"), [(0.1, "undecided"), (0.0999, "none"), (0.1001, "in-context")], ids=["at", "below", "above"]
)
def test_the_border_itself_decides_nothing(value: float, verdict: str) -> None:
    """Without variance the bounds are the mean: strictly above or strictly below δ, or undecided."""
    runs = (value, value, value)
    assert decide(evidence(runs, ABOVE, ABOVE), CRITERION).verdict == verdict


def test_borders_of_the_interval() -> None:
    """G of 0.2 ± 0.04 over three runs: t(2) = 4.302653 puts the lower bound at 0.1006; a hair wider and it is below."""
    assert decide(evidence((0.16, 0.2, 0.24), ABOVE, ABOVE), CRITERION).verdict == "in-context"
    assert decide(evidence((0.159, 0.2, 0.241), ABOVE, ABOVE), CRITERION).verdict == "undecided"


def test_the_criterion_is_the_studys() -> None:
    """The same evidence under a stricter δ, and under less confidence."""
    wide = evidence((0.15, 0.2, 0.25), ABOVE, ABOVE)
    assert decide(wide, Criterion(gain_above=0.9)).verdict == "none"
    assert decide(wide, CRITERION).verdict == "undecided"
    assert decide(wide, Criterion(confidence=0.8)).verdict == "in-context"


def test_p_of_in_context_is_that_of_the_weakest_link() -> None:
    """G, D and C must all hold, so the largest of the three p's counts."""
    weak = (0.3, 0.4, 0.5)
    assert decide(evidence(ABOVE, weak, ABOVE), CRITERION).p == p_against(weak, 0.1)
    assert decide(evidence(weak, ABOVE, ABOVE), CRITERION).p == p_against(weak, 0.1)
    assert decide(evidence(ABOVE, ABOVE, weak), CRITERION).p == p_against(weak, 0.1)


def test_p_of_reactive_needs_one_side_only() -> None:
    """Of "no better than the hurdle" and "nothing carried" the better shown one counts; the gain must hold too."""
    wide_below, tight_below, weak_gain = (-0.1, -0.05, 0.0), (0.0, 0.001, 0.002), (0.3, 0.4, 0.5)
    assert decide(evidence(ABOVE, wide_below, tight_below), CRITERION).p == p_against(ABOVE, 0.1)
    assert decide(evidence(ABOVE, wide_below, ABOVE), CRITERION).p == p_against(wide_below, 0.1)
    assert decide(evidence(weak_gain, tight_below, tight_below), CRITERION).p == p_against(weak_gain, 0.1)


def test_undecided_has_no_p() -> None:
    """It claims nothing, so it can be wrong about nothing."""
    assert decide(evidence(STRADDLES, ABOVE, ABOVE), CRITERION).p is None


@pytest.mark.parametrize(("runs", "reason"), [((0.9,), "1 run gives no interval: use more seeds"), ((), "no run")])
def test_one_run_is_undecided(runs: tuple[float, ...], reason: str) -> None:
    """However well it did."""
    decision = decide(evidence(runs, runs, runs), CRITERION)
    assert (decision.verdict, decision.reason) == ("undecided", reason)


def test_reason_says_how_many_learned_and_what_straddles() -> None:
    """Three of five learned: the reader is told so, with the interval, and that more seeds would tell."""
    mixture = (0.9, 0.9, 0.9, 0.0, 0.0)
    decision = decide(evidence(mixture, mixture, mixture), CRITERION)
    assert decision.verdict == "undecided"
    assert decision.reason == "3 of 5 learned; gain interval [-0.072, 1.152] straddles 0.1: more seeds would tell"


def test_reason_names_every_quantity_in_the_way() -> None:
    """A sure gain with unsure D and C: both are named, and the gain is not."""
    reason = decide(evidence(ABOVE, STRADDLES, STRADDLES), CRITERION).reason or ""
    assert "late score beyond the hurdle interval [-0.350, 0.684] straddles 0.1" in reason
    assert "score lost to the memory swap interval [-0.350, 0.684] straddles 0.1" in reason
    assert "gain interval" not in reason


def test_a_gain_without_a_swap_curve_is_undecided() -> None:
    """Beyond the hurdle but never probed: it might be a clock."""
    assert "no memory swap" in (decide(evidence(ABOVE, ABOVE), CRITERION).reason or "")


def test_a_carrier_counts_only_if_every_run_was_probed() -> None:
    """Two probed runs of three give no C."""
    runs = tuple(RunEvidence(0.5, 0.5, {"internal": 0.5} if seed else {}) for seed in range(3))
    assert Evidence(runs).carried == {}


@pytest.mark.parametrize(
    ("run", "demanded", "passes"),
    [
        (RunEvidence(0.5, 0.5, {"internal": 0.5}), True, True),
        (RunEvidence(0.1, 0.5, {"internal": 0.5}), True, False),
        (RunEvidence(0.5, 0.1, {"internal": 0.5}), True, False),
        (RunEvidence(0.5, 0.5, {"internal": 0.1}), True, False),
        (RunEvidence(0.5, 0.5, {"internal": 0.0, "environment": 0.5}), True, True),
        (RunEvidence(0.5, None, {"internal": 0.5}), True, False),
        (RunEvidence(0.5, None, {"internal": 0.5}), False, True),
        (RunEvidence(0.5, 0.5, {}), True, False),
    ],
)
def test_learned_counts_runs_that_pass_on_their_own(run: RunEvidence, demanded: bool, passes: bool) -> None:
    """G, D (where demanded) and C for some carrier, each strictly above δ."""
    assert learned(Evidence((run,), demanded), CRITERION) == passes


def test_holm_turns_a_borderline_verdict_to_undecided() -> None:
    """P = .03 holds alone and beside one other claim at .001, not as one of two at .03 (adjusted .06)."""
    sure, border = Decision("none", p=0.001), Decision("in-context", "internal", p=0.03)
    assert [d.verdict for d in corrected([border], CRITERION)] == ["in-context"]
    assert [d.verdict for d in corrected([sure, border], CRITERION)] == ["none", "in-context"]
    held, first, second = corrected([sure, border, border], CRITERION)
    assert held.verdict == "none"
    assert held.p_holm == pytest.approx(0.003)
    assert first == second
    assert (first.verdict, first.storage, first.p) == ("undecided", None, 0.03)
    assert first.p_holm == pytest.approx(0.06)
    assert first.reason == (
        "in-context by its own intervals (p = 0.03), but not after Holm's correction for the 3 verdicts of this study "
        "(p = 0.06): more seeds would tell"
    )


def test_undecided_cells_are_in_holms_family_and_cells_without_runs_are_not() -> None:
    """A family of the claims alone would be chosen after looking; what was not judged had no chance to claim."""
    claim, undecided = Decision("none", p=0.004), Decision("undecided", reason="more seeds")
    decisions = [undecided] * 10 + [replace(undecided, judged=False)] * 5 + [claim]
    assert corrected(decisions, CRITERION)[-1].p_holm == pytest.approx(11 * 0.004)
    assert corrected(decisions, CRITERION)[0] == undecided


def test_failures_that_change_nothing_keep_the_larger_p() -> None:
    """The verdict stands, as surely as the worse case allows."""
    decision = with_failures(Decision("none", p=0.001), Decision("none", p=0.02), failed=1)
    assert (decision.verdict, decision.p, decision.reason) == ("none", 0.02, None)


@pytest.mark.parametrize(("failed", "runs"), [(1, "the failed run"), (2, "the 2 failed runs")])
def test_failures_that_would_change_the_verdict_undecide_it(failed: int, runs: str) -> None:
    """To leave failed runs out would be to keep the lucky ones."""
    decision = with_failures(Decision("in-context", "internal", p=0.01), Decision("undecided"), failed)
    assert (decision.verdict, decision.storage, decision.p) == ("undecided", None, None)
    assert decision.reason == (
        f"in-context by the finished runs, undecided with {runs} scored as the floor: repeat what failed"
    )


def test_undecided_by_the_finished_runs_stays_so() -> None:
    """Failed runs cannot decide a cell: their score as the floor is a worst case, not a measurement."""
    finished = Decision("undecided", reason="1 run gives no interval: use more seeds")
    assert with_failures(finished, Decision("none", p=0.001), failed=4) == finished
