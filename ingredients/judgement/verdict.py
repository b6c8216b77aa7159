"""The rule: the class of a run, and the verdict on a cell (docs/verdict.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ingredients.judgement.evidence import Quantity, RunEvidence
from ingredients.judgement.results import RunClass, Share, Storage, Verdict
from ingredients.judgement.shares import Look, p_most, share
from ingredients.judgement.statistics import holm
from ingredients.probes import ENVIRONMENT
from ingredients.study import Criterion
from ingredients.study.seeds import fewest_for

NO_RUN = Share(0, 0, 0.0, 1.0)
_ALIKE = "; all improve by what they carry, and not all are shown to earn more than a reaction could"
DECIDED: tuple[RunClass, ...] = ("in-context", "carried", "reactive", "none")


@dataclass(frozen=True)
class RunVerdict:
    """The class of one run, its carrier, and whether being in-context is `excluded`."""

    verdict: RunClass
    storage: Storage | None = None
    excluded: bool = False
    why: str | None = None
    adapts: bool = False

    @property
    def learned(self) -> bool:
        """Whether the run is in-context."""
        return self.verdict == "in-context"


@dataclass(frozen=True)
class Decision:
    """A verdict on a cell (None: not applicable) with its evidence.

    Attributes:
        storage: carrier in most runs of the verdict's class.
        reason: why it is undecided, or a mixed one's groups.
        learners: in-context runs of all, failed ones included.
        p, p_holm: as in `CellResult`.
        excluded: whether most runs are shown not to be in-context.
        judged: whether the rule was applied.
        adapting: runs that adapt by what they carry.
    """

    verdict: Verdict | None
    storage: Storage | None = None
    reason: str | None = None
    learners: Share = NO_RUN
    classes: tuple[tuple[RunClass, int], ...] = ()
    p: float | None = None
    p_holm: float | None = None
    excluded: bool = False
    judged: bool = True
    adapting: int = 0

    @property
    def adapts(self) -> bool:
        """Whether some run adapts by what it carries."""
        return self.adapting > 0


# A run


def classify(evidence: RunEvidence, hurdle_demanded: bool = True, no_swap: str | None = None) -> RunVerdict:
    """Returns the class of a run by its intervals over tasks (docs/verdict.md).

    `no_swap`: why no swap shows what it carries.
    """
    carriers = [carrier for carrier, each in evidence.carried.items() if each.side == "above"]
    none_carried = all(each.side == "below" for each in evidence.carried.values())
    excluded = _shown_not_in_context(evidence)
    if evidence.gain.side == "below" and none_carried:
        return RunVerdict("none", excluded=True)
    if evidence.gain.side == "above":
        if evidence.carried and none_carried:
            return RunVerdict("reactive", excluded=True)
        if carriers and evidence.beyond.side == "unknown" and hurdle_demanded:
            why = "it adapts by what it carries, but there is neither a memory-off sibling nor a reactive reference"
            return RunVerdict("undecided", excluded=excluded, why=why)
        if carriers:
            return _adapting(evidence.beyond, _storage(carriers), excluded)
    return RunVerdict("undecided", excluded=excluded, why=_why(evidence, carriers, no_swap))


def _adapting(beyond: Quantity, storage: Storage, excluded: bool) -> RunVerdict:
    """Returns by D the class of a run that adapts by carrying."""
    if beyond.side == "straddles":
        why = f"it adapts by what it carries, and what it earns beyond a reaction {_straddling(beyond)}"
        return RunVerdict("undecided", storage, excluded, why, adapts=True)
    return RunVerdict("carried" if beyond.side == "below" else "in-context", storage, excluded, adapts=True)


def _shown_not_in_context(evidence: RunEvidence) -> bool:
    """Returns whether G, D, or every C is shown to be below δ."""
    none_carried = bool(evidence.carried) and all(each.side == "below" for each in evidence.carried.values())
    return none_carried or "below" in (evidence.gain.side, evidence.beyond.side)


def _storage(carriers: Sequence[str]) -> Storage:
    if len(carriers) > 1:
        return "both"
    return "environment" if carriers[0] == ENVIRONMENT else "internal"


def _why(evidence: RunEvidence, carriers: Sequence[str], no_swap: str | None) -> str:
    """Returns why a run is undecided."""
    if evidence.gain.side == "below" and carriers:
        return "it carries knowledge of the task from the start and gains nothing after that"
    if evidence.gain.side == "above" and not evidence.carried:
        return "it gains, but no swap shows whether by what it carries" + (f" ({no_swap})" if no_swap else "")
    named = {"gain": evidence.gain, **{f"score lost to the swap ({name})": c for name, c in evidence.carried.items()}}
    open_ = [
        f"{name} {_straddling(each)}"
        for name, each in named.items()
        if each.side == "straddles" and not (carriers and name != "gain")
    ]
    return " and ".join(open_) or "it was played on too few tasks for an interval"


def _straddling(each: Quantity) -> str:
    return f"interval [{each.interval.low:.3f}, {each.interval.high:.3f}] straddles the criterion"


# A cell


def decide(runs: Sequence[RunVerdict], failed: int, look: Look) -> Decision:
    """Returns the verdict on a cell by exact counts of its runs; failed runs count against every claim."""
    counts = Counter(run.verdict for run in runs)
    classes = tuple((name, counts[name]) for name in (*DECIDED, "undecided") if counts[name])
    learners = share(counts["in-context"], look)
    excluded = look.needed is not None and sum(run.excluded for run in runs) >= look.needed
    common = max(DECIDED, key=lambda name: counts[name])
    adapting = sum(run.adapts for run in runs)
    found = Decision("undecided", learners=learners, classes=classes, excluded=excluded, adapting=adapting)
    alike = _ALIKE if adapting == look.runs and len(classes) > 1 else ""
    if look.needed is not None and counts[common] >= look.needed:
        p = p_most(counts[common], look.runs)
        storage = _common_storage(runs, common)
        return replace(found, verdict=common, storage=storage, p=p)
    if sum(counts[name] > 0 for name in DECIDED) > 1:
        return replace(found, verdict="mixed", reason=f"runs differ: {counted(classes, failed)} of {look.runs}{alike}")
    return replace(found, reason=_open(runs, classes, failed, look) + alike)


def _common_storage(runs: Sequence[RunVerdict], verdict: RunClass) -> Storage | None:
    """Returns the carrier of most runs of a class."""
    held = Counter(run.storage for run in runs if run.verdict == verdict)
    return max(held, key=lambda storage: held[storage]) if held else None


def counted(classes: Sequence[tuple[RunClass, int]], failed: int = 0) -> str:
    """Returns the runs by class: `3 in-context, 1 none, 1 failed`."""
    return ", ".join(f"{count} {name}" for name, count in [*classes, *([("failed", failed)] if failed else [])])


def _open(runs: Sequence[RunVerdict], classes: Sequence[tuple[RunClass, int]], failed: int, look: Look) -> str:
    """Returns why a cell without contradicting runs is undecided."""
    if not runs:
        return "no run"
    head = f"{counted(classes, failed)} of {look.runs}"
    whys = [run.why for run in runs if run.why]
    if whys:
        most = Counter(whys).most_common(1)[0][0]
        return f"{head}; of one: {most}" if len(whys) < len(runs) else f"{head}: {most}"
    name, count = classes[0]
    bound = share(count, look).low
    return f"{head}, so at least {bound:.0%} of such runs would be {name}, which does not show that most would"


def corrected(decisions: Sequence[Decision]) -> tuple[Decision, ...]:
    """Returns the decisions with Holm's p over all judged cells (undecided: p = 1)."""
    judged = [decision for decision in decisions if decision.judged]
    adjusted = iter(holm([1.0 if decision.p is None else decision.p for decision in judged]))
    by_decision = [next(adjusted) if decision.judged else None for decision in decisions]
    return tuple(
        decision if decision.p is None else replace(decision, p_holm=p)
        for decision, p in zip(decisions, by_decision, strict=True)
    )


def together_from(decisions: int, criterion: Criterion) -> int:
    """Returns how many agreeing runs per cell let so many verdicts hold together."""
    return fewest_for(decisions, criterion.confidence)
