"""The rule: what the evidence of a cell makes it (DESIGN §2, Verdict); declared before anything runs.

Comes in: G, D and C of each run. Goes out: `in-context`, `reactive`, `none` or `undecided`, with its p and, where
undecided, the reason. Only intervals decide: "not significantly above" is not "below", so a quantity whose interval
holds the criterion decides nothing, and "absent" has to be shown just like "present".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ingredients.judgement.inputs import ENVIRONMENT, INTERNAL
from ingredients.judgement.results import Interval, Storage, Verdict
from ingredients.judgement.statistics import holm, p_against, t_interval
from ingredients.study import Criterion

Side = Literal["above", "below", "straddles", "unknown"]

_CARRIED = {INTERNAL: "score lost to the memory swap", ENVIRONMENT: "score lost to the swap of the environment's state"}


@dataclass(frozen=True)
class RunEvidence:
    """What one run shows, normalised: G, D (None: it has no hurdle) and C for each carrier that was swapped."""

    gain: float
    beyond: float | None = None
    carried: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Evidence:
    """What the runs of a cell show; `hurdle_demanded` says whether the verdict needs D (see `scores.Hurdle`)."""

    runs: tuple[RunEvidence, ...]
    hurdle_demanded: bool = True

    @property
    def gain(self) -> tuple[float, ...]:
        """G of each run."""
        return tuple(run.gain for run in self.runs)

    @property
    def beyond(self) -> tuple[float, ...]:
        """D of each run that has a hurdle."""
        return tuple(run.beyond for run in self.runs if run.beyond is not None)

    @property
    def carried(self) -> dict[str, tuple[float, ...]]:
        """C of each run for each carrier that was swapped in every run: half a probe decides nothing."""
        carriers = set.intersection(*(set(run.carried) for run in self.runs)) if self.runs else set()
        return {carrier: tuple(run.carried[carrier] for run in self.runs) for carrier in sorted(carriers)}


@dataclass(frozen=True)
class Decision:
    """A verdict (None: not applicable) with its p (None while undecided, unless Holm undid it), storage and reason.

    `judged` says whether the cell's runs went through the rule at all. `p_not` is the p by which an undecided cell is
    not `in-context`, so that only `none` or `reactive` is left; `excluded` whether that holds for all cells judged.
    """

    verdict: Verdict | None
    storage: Storage | None = None
    reason: str | None = None
    p: float | None = None
    p_holm: float | None = None
    judged: bool = True
    p_not: float | None = None
    excluded: bool = False


def decide(evidence: Evidence, criterion: Criterion) -> Decision:
    """Returns the verdict on one cell by its intervals, before any correction for the number of cells.

    | verdict | rule |
    |---|---|
    | `none` | the upper bound of G is below δ |
    | `in-context` | the lower bounds of G, of D and of C for some carrier are above δ |
    | `reactive` | the lower bound of G is above δ, and the upper bound of D or of every C is below δ |
    | `undecided` | anything else |

    The p is that of the weakest link: the largest among the quantities that must all hold, the smallest among those
    of which one is enough. That is fair: each p is two-sided where the claim has one side, which pays for choosing
    between two.
    """
    measured = _measure(evidence, criterion)
    if measured.gain.side == "below":
        return Decision("none", p=measured.gain.p)
    if measured.gain.side == "above" and (measured.beyond.side != "unknown" or not evidence.hurdle_demanded):
        decided = _in_context(measured) or _reactive(measured)
        if decided:
            return decided
    return Decision("undecided", reason=_why(evidence, measured, criterion), p_not=_not_in_context(measured))


def passes(run: RunEvidence, hurdle_demanded: bool, criterion: Criterion) -> bool:
    """Returns whether one run passes on its own: its G, its D (where demanded) and its C for some carrier above δ."""
    delta = criterion.gain_above
    clears_hurdle = not hurdle_demanded if run.beyond is None else run.beyond > delta
    return run.gain > delta and clears_hurdle and any(lost > delta for lost in run.carried.values())


def learned(evidence: Evidence, criterion: Criterion) -> int:
    """Returns how many runs pass on their own: what the reader of an undecided cell wants to know first."""
    return sum(passes(run, evidence.hurdle_demanded, criterion) for run in evidence.runs)


def with_failures(finished: Decision, as_floor: Decision, failed: int) -> Decision:
    """Returns the decision on the finished runs if it stands with failed ones scored as the floor, else `undecided`.

    Runs do not fail at random: to leave them out of the means is to keep the lucky ones. The larger p is kept.
    """
    if finished.p is None:
        return replace(finished, p_not=None)
    if as_floor.p is not None and as_floor.verdict == finished.verdict:
        return replace(as_floor, p=max(finished.p, as_floor.p))
    runs = "the failed run" if failed == 1 else f"the {failed} failed runs"
    instead = f"{as_floor.verdict} with {runs} scored as the floor: repeat what failed"
    return Decision("undecided", reason=f"{finished.verdict} by the finished runs, {instead}")


def corrected(decisions: Sequence[Decision], criterion: Criterion) -> tuple[Decision, ...]:
    """Returns the decisions with Holm's p; one whose adjusted p exceeds 1 - confidence becomes `undecided`.

    The family is every cell that was judged. An undecided one had its chance to claim something too, so it counts with
    p = 1; a family of the claims alone would be chosen after looking. Cells without a run are not in it.
    """
    judged = [decision for decision in decisions if decision.judged]
    adjusted = iter(holm([1.0 if decision.p is None else decision.p for decision in judged]))
    by_decision = [next(adjusted) if decision.judged else None for decision in decisions]
    return tuple(
        _exclude(d, len(judged), criterion) if d.p is None or p is None else _hold(d, p, len(judged), criterion)
        for d, p in zip(decisions, by_decision, strict=True)
    )


def _exclude(decision: Decision, family: int, criterion: Criterion) -> Decision:
    """Returns an undecided cell with whether `in-context` is ruled out, by Bonferroni over all cells judged."""
    excluded = decision.p_not is not None and decision.p_not * family <= 1 - criterion.confidence
    return replace(decision, excluded=excluded)


def _hold(decision: Decision, p_holm: float, family: int, criterion: Criterion) -> Decision:
    if p_holm <= 1 - criterion.confidence:
        return replace(decision, p_holm=p_holm)
    reason = (
        f"{decision.verdict} by its own intervals (p = {decision.p:.2g}), but not after Holm's correction for the "
        f"{family} verdicts of this study (p = {p_holm:.2g}): more seeds would tell"
    )
    return Decision("undecided", reason=reason, p=decision.p, p_holm=p_holm)


@dataclass(frozen=True)
class _Quantity:
    """One of G, D, C over runs: its interval, its p against δ, and on which side of δ the interval lies."""

    name: str
    interval: Interval
    p: float
    side: Side


@dataclass(frozen=True)
class _Measured:
    gain: _Quantity
    beyond: _Quantity
    carried: dict[str, _Quantity]


def _measure(evidence: Evidence, criterion: Criterion) -> _Measured:
    return _Measured(
        gain=_quantity("gain", evidence.gain, criterion),
        beyond=_quantity("late score beyond the hurdle", evidence.beyond, criterion),
        carried={
            carrier: _quantity(_CARRIED.get(carrier, carrier), values, criterion)
            for carrier, values in evidence.carried.items()
        },
    )


def _quantity(name: str, values: tuple[float, ...], criterion: Criterion) -> _Quantity:
    interval, p = t_interval(values, criterion.confidence), p_against(values, criterion.gain_above)
    return _Quantity(name, interval, 1.0 if p is None else p, _side(interval, criterion.gain_above))


def _side(interval: Interval, delta: float) -> Side:
    if interval.low is None or interval.high is None:
        return "unknown"
    if interval.low > delta:
        return "above"
    return "below" if interval.high < delta else "straddles"


def _in_context(measured: _Measured) -> Decision | None:
    carriers = [carrier for carrier, quantity in measured.carried.items() if quantity.side == "above"]
    if not carriers or measured.beyond.side not in ("above", "unknown"):
        return None
    required = [measured.gain.p, min(measured.carried[carrier].p for carrier in carriers)]
    if measured.beyond.side == "above":
        required.append(measured.beyond.p)
    return Decision("in-context", _storage(carriers), p=max(required))


def _storage(carriers: Sequence[str]) -> Storage:
    if len(carriers) > 1:
        return "both"
    return "environment" if carriers[0] == ENVIRONMENT else "internal"


def _reactive(measured: _Measured) -> Decision | None:
    p = _not_in_context(measured)
    return None if p is None else Decision("reactive", p=max(measured.gain.p, p))


def _not_in_context(measured: _Measured) -> float | None:
    """Returns the p of D, or of every C, below δ: the smaller, since one is enough; None where neither is."""
    enough = [measured.beyond.p] if measured.beyond.side == "below" else []
    if measured.carried and all(quantity.side == "below" for quantity in measured.carried.values()):
        enough.append(max(quantity.p for quantity in measured.carried.values()))
    return min(enough) if enough else None


def _why(evidence: Evidence, measured: _Measured, criterion: Criterion) -> str:
    """Returns what keeps the cell undecided, and what would decide it."""
    runs, gain = len(evidence.runs), measured.gain
    if runs < 2:
        return "1 run gives no interval: use more seeds" if runs else "no run"
    if gain.side == "above" and measured.beyond.side == "unknown" and evidence.hurdle_demanded:
        return "it gains, but there is neither a memory-off sibling nor a reactive reference to compare it with"
    if gain.side == "above" and not measured.carried:
        return (
            "it gains, but no memory swap shows whether that rests on anything carried (none can where memory is wiped)"
        )
    blocking = [gain] if gain.side != "above" else [measured.beyond, *measured.carried.values()]
    parts = [_straddling(quantity, criterion) for quantity in blocking if quantity.side == "straddles"]
    tail = "more seeds would tell"
    if _not_in_context(measured) is not None:
        tail = f"it is none or reactive, not in-context; {tail} which"
    return f"{learned(evidence, criterion)} of {runs} learned; {' and '.join(parts)}: {tail}"


def _straddling(quantity: _Quantity, criterion: Criterion) -> str:
    interval = quantity.interval
    return f"{quantity.name} interval [{interval.low:.3f}, {interval.high:.3f}] straddles {criterion.gain_above:g}"
