"""Texts and rows on the inner algorithm: measures, and findings for every cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ingredients.grid import Cell
from ingredients.judgement import Judgement
from ingredients.judgement.inner import InnerResult
from ingredients.judgement.words import describe
from ingredients.report import wording
from ingredients.report.rows import ordered

TITLE: Final = "Inner algorithm"
MEASURES: Final = (
    "Value lost per decision: what an action costs in expected return, if every later one were Bayes-optimal. It is "
    "exact, and 0 for the Bayes-optimal agent alone.",
    "Nearest algorithm: the candidate whose policy is closest to the agent's where the two candidates differ and "
    "something is at stake. It is undecided where the seeds do not tell two candidates apart.",
    "Explained: how much of what the policy makes of its history the nearest candidate tells. 1 is all, 0 is no more "
    "than the policy's mean at each pull.",
    "Moved by order: how far the policy moves when the same past stands in another order. It is exactly 0 for every "
    "agent that acts on the posterior.",
    "Belief: how well a linear decoder reads the posterior means from the memory, on lifetimes it was not fitted to. "
    "0 is what a clock tells; compare it with the untrained network.",
    "Cause: the decoded mean of one arm is moved to what it is in another lifetime. 1 is a policy that then moves as "
    "the Bayes-optimal one does, 0 one that does not follow. Beside it are the whole memory of that lifetime and "
    "random steps.",
    "First: whether belief or behaviour was half-way first in training. Untrained means that the network before "
    "training already holds the belief.",
)
NO_GREEDY: Final = (
    "Greedy: here every action tells as much, so exploring never pays. Greedy is Bayes-optimal, and no candidate of "
    "its own."
)
SAME: Final = (
    "Moved by other actions: how far the policy moves when other actions tell the same, episode by episode. It is "
    "exactly 0 for an agent that acts on the posterior, and above 0 for one that learns each action by itself."
)
BY_PAIRS: Final = (
    "Value lost per decision: here it is not exact. It is what an action costs beside the arm with the highest Gittins "
    "index, if there were no third arm. The whole cost is higher, by a tenth or so, and by far more where it is "
    "that of not exploring."
)
HEAD: Final = (
    "cell",
    "nearest algorithm",
    "explained",
    "value lost per decision",
    "on Bayes-optimal lifetimes",
    "moved by order",
    "belief (R²)",
    "untrained network",
    "cause",
    "first",
)
BESIDE: Final = ("policy", "value lost per decision", "on Bayes-optimal lifetimes")
POLICIES: Final = (
    "agent",
    "bayes_optimal",
    "gittins",
    "thompson",
    "greedy",
    "ucb1",
    "reactive",
    "recency",
    "model_free",
)
WORTH: Final = ("exploring is worth", "share of decisions", "agent", "greedy", "thompson")
_CLASSES: Final = ("nothing", "up to 0.01", "more than 0.01")
_DIGITS: Final = 4


def found(judgement: Judgement) -> list[tuple[Cell, InnerResult]]:
    """Returns the cells with a measured inner algorithm, the fullest first."""
    cells = [result.cell for result in ordered(judgement)]
    return [(cell, judgement.inner[cell]) for cell in cells if cell in judgement.inner]


def fullest(judgement: Judgement) -> tuple[Cell, InnerResult] | None:
    """Returns the fullest of these cells, or None."""
    measured = found(judgement)
    return measured[0] if measured else None


def measures(judgement: Judgement) -> list[str]:
    """Returns what each measure is; empty if none was taken."""
    if (measured := fullest(judgement)) is None:
        return []
    result = measured[1]
    said = list(MEASURES) if "gittins" not in result.lost["own"] else [BY_PAIRS, *MEASURES[1:]]
    said += [SAME] if "same" in result.order else []
    return [*said, *([] if "greedy" in result.distances else [NO_GREEDY])]


def row(cell: Cell, result: InnerResult) -> list[str]:
    """Returns a row under `HEAD`."""
    return [
        describe(cell),
        verdict(result),
        wording.interval(result.explained),
        wording.interval(result.lost["own"]["agent"], _DIGITS),
        wording.interval(result.lost["bayes"]["agent"], _DIGITS),
        order(result),
        wording.interval(result.belief["mean.linear.trained"]),
        wording.interval(result.belief["mean.linear.untrained"]),
        cause(result),
        ", ".join(f"{name} {count}" for name, count in sorted(result.first.items())),
    ]


def order(result: InnerResult) -> str:
    """Returns how far another order moves the policy, and other equally telling actions, if any."""
    moved = wording.interval(result.order["agent"])
    return f"{moved}; by other actions {wording.interval(result.order['same'])}" if "same" in result.order else moved


def cause(result: InnerResult) -> str:
    """Returns how far the policy follows the decoded belief, with controls; a dash if not measured."""
    if not result.cause:
        return wording.NOTHING
    named = {name: wording.interval(result.cause[name]) for name in ("belief", "memory")}
    random, highest = (wording.number(result.cause[name].mean) for name in ("random", "random_highest"))
    return f"{named['belief']}; whole memory {named['memory']}; random {random}, at most {highest}"


def verdict(result: InnerResult) -> str:
    """Returns the nearest algorithm, or why there is none."""
    said = result.verdict or "no verdict"
    return f"{said}: {result.reason}" if result.reason else said


def beside_rows(judgement: Judgement) -> list[list[str]]:
    """Returns rows under `BESIDE`: the fullest cell's agents and known algorithms."""
    if (measured := fullest(judgement)) is None:
        return []
    lost = measured[1].lost
    named = [name for name in POLICIES if name in lost["own"]]
    return [[name, *(wording.interval(lost[place][name], _DIGITS) for place in ("own", "bayes"))] for name in named]


def worth_rows(judgement: Judgement) -> list[list[str]]:
    """Returns rows under `WORTH`, of the fullest cell; none where exploring is worth nothing."""
    if (measured := fullest(judgement)) is None or "greedy" not in measured[1].distances:
        return []
    classes = measured[1].by_worth["own"]
    return [
        [
            name,
            f"{classes['share'][place]:.1%}",
            *(wording.number(classes[of][place], _DIGITS) for of in ("agent", "greedy", "thompson")),
        ]
        for place, name in enumerate(_CLASSES)
    ]


def lines(judgement: Judgement) -> Sequence[str]:
    """Returns the fullest cell's answer, in lines."""
    if (measured := fullest(judgement)) is None:
        return []
    cell, result = measured
    lost = result.lost["own"]
    known = [name for name in ("greedy", "thompson") if name in lost]
    named = ", ".join(f"{name} {wording.number(lost[name].mean, _DIGITS)}" for name in known)
    return [
        f"{describe(cell)}: {verdict(result)}",
        f"value lost per decision {wording.interval(lost['agent'], _DIGITS)}; {named}",
        f"moved by order {order(result)}; a recency-weighted learner {wording.interval(result.order['recency'])}",
        *([f"follows the decoded belief {cause(result)}"] if result.cause else []),
    ]
