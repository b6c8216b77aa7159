"""What one environment supplies of the four ingredients (docs/audit.md)."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from typing import Any

from scipy import stats

from ingredients.audit.listing import Subject
from ingredients.audit.made import Made
from ingredients.audit.play import EPISODES, LONGEST, POLICY, STEPS, STICKY, UNIFORM, Session, play
from ingredients.audit.policy import player
from ingredients.audit.replay import LAGS, PairCount, Replayed, replay
from ingredients.boundary.failures import in_short, ours
from ingredients.boundary.guard import AllKept
from ingredients.decoding.chosen import DecoderQuestion
from ingredients.decoding.decoders import Budget
from ingredients.decoding.leak import CONFIDENCE, LEAKS_ABOVE, LeakMeasurement, measure
from ingredients.decoding.past import gain

INGREDIENTS = ("reward", "action", "memory", "tasks")
NEEDED = "memory_needed"
COLUMNS = (*INGREDIENTS, NEEDED)
FULL = Budget(rows=12_000, trees=30, tested=15_000)
BESIDE = Budget(rows=4_000, trees=15, tested=8_000)
UNIFORM_SHARE, STICKY_SHARE, REPLAY_SHARE = 0.3, 0.2, 0.2  # of the time, at most
FEWEST_PAIRS = 20
LEAST_LAG = 8  # what is still there so many steps later is called a memory


@dataclass(frozen=True)
class Finding:
    """A share from 0 to 1 with its 95% interval, or why there is none.

    `p` is of the null hypothesis of nothing, or at most a tenth, for Holm's correction.
    """

    share: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    reason: str | None = None
    details: dict[str, Any] | None = None


def audited(subject: Subject, seconds: float) -> dict[str, Any]:
    """Returns one environment's line, within about `seconds` of CPU time.

    Raises:
        IngredientsError: it does not exist, or is unreadable.
    """
    with AllKept():
        return _audited(subject, seconds)


def _audited(subject: Subject, seconds: float) -> dict[str, Any]:
    began = time.process_time()
    recipe = subject.recipe
    first, second = _sessions(subject, seconds)
    if not first.episodes:
        way = "a policy's" if first.way == POLICY else "random"
        return _failed(subject, f"{way} play failed: {first.failures[0]}", began)
    try:
        replayed = replay(recipe, first.episodes, REPLAY_SHARE * seconds)
        trouble = None
    except BaseException as error:
        if ours(error):
            raise
        replayed = Replayed()
        trouble = f"a replay raised {in_short(error)}"
    findings = {name: _leak(name, first, second, replayed) for name in ("reward", "action")}
    findings |= {"memory": _trace(replayed, trouble), "tasks": _tasks(replayed, trouble)}
    findings[NEEDED] = _needed(first)
    return {
        "id": subject.name,
        "error": None,
        "findings": {name: asdict(found) for name, found in findings.items()},
        "play": {session.way: _told(session) for session in (first, second) if session},
        "notes": _notes(*(session for session in (first, second) if session)),
        "seconds": round(time.process_time() - began, 1),
    }


def _sessions(subject: Subject, seconds: float) -> tuple[Session, Session | None]:
    """Returns uniform and sticky play, or a policy's alone."""
    recipe = subject.recipe
    longest = min(recipe.time_limit() or LONGEST, LONGEST)
    made = Made(recipe)
    try:
        if subject.policy:
            plays = player(subject.policy, made.environment)
            time_of = (UNIFORM_SHARE + STICKY_SHARE) * seconds
            return play(made, POLICY, seconds=time_of, first_seed=0, longest=longest, player=plays), None
        uniform = play(made, UNIFORM, seconds=UNIFORM_SHARE * seconds, first_seed=0, longest=longest)
        return uniform, play(made, STICKY, seconds=STICKY_SHARE * seconds, first_seed=10**6, longest=longest)
    finally:
        made.close()


def _failed(subject: Subject, why: str, began: float) -> dict[str, Any]:
    return {"id": subject.name, "error": why, "seconds": round(time.process_time() - began, 1)}


def failed_line(subject: Subject, why: str) -> dict[str, Any]:
    """Returns the line of an environment that could not be audited."""
    return {"id": subject.name, "error": why, "seconds": 0.0}


def _told(session: Session) -> dict[str, Any]:
    return {
        "steps": session.steps,
        "episodes": len(session.episodes),
        "cut": session.cut,
        "failed": len(session.failures),
        "seconds": round(session.seconds, 1),
    }


def _notes(*sessions: Session) -> list[str]:
    said = []
    for session in sessions:
        way = session.way
        if session.steps < STEPS or len(session.episodes) < EPISODES:
            said.append(f"{way} play: {session.steps:,} steps, {len(session.episodes)} episodes in its time")
        if session.failures:
            total = len(session.episodes) + len(session.failures)
            said.append(f"{way} play failed in {len(session.failures)} of {total} episodes: {session.failures[0]}")
    return said


# Reward and action


def _leak(name: str, first: Session, second: Session | None, replayed: Replayed) -> Finding:
    """Returns the leak under a policy's or uniform play; if that tells nothing, under sticky play."""
    taken = _measured(name, first, FULL)
    way = first.way
    details: dict[str, Any] = {way: asdict(taken)}
    if second:
        other = _measured(name, second, BESIDE)
        details[second.way] = asdict(other)
        taken, way = (other, second.way) if taken.leak is None and other.leak is not None else (taken, way)
    details["play"] = way
    if name == "action":
        details["ceiling"] = ceiling = _ceiling(replayed)
        details["of_ceiling"] = None if not ceiling or taken.leak is None else min(taken.leak / ceiling, 1.0)
    return Finding(taken.leak, taken.low, taken.high, taken.p, taken.reason, details)


def _measured(name: str, session: Session, budget: Budget) -> LeakMeasurement:
    if len(session.episodes) < 4:
        return LeakMeasurement(reason=f"only {len(session.episodes)} episodes were played")
    found = measure(session.played(), DecoderQuestion(name), budget)
    if session.way == POLICY and found.reason:
        return replace(found, reason=found.reason.replace("random play", "a policy's play"))
    return found


def _ceiling(replayed: Replayed) -> float | None:
    """Returns the highest possible leak, by replays with equal state and luck; None for vectors."""
    if len(replayed.apart) < 5 or replayed.actions < 2:
        return None
    guess = 1 / replayed.actions
    return max((sum(replayed.apart) / len(replayed.apart) - guess) / (1 - guess), 0.0)


# Is memory needed


def _needed(session: Session) -> Finding:
    """Returns what the past adds to predicting rewards, under uniform play."""
    if session.way != UNIFORM:
        return Finding(reason="measured under uniform play alone: the past tells what a policy will do, too")
    if len(session.episodes) < 4:
        return Finding(reason=f"only {len(session.episodes)} episodes were played")
    found = gain(session.played(), session.ended)
    return Finding(found.share, found.low, found.high, found.p, found.reason, asdict(found))


# Memory in the environment, tasks


def _trace(replayed: Replayed, trouble: str | None) -> Finding:
    told = {str(lag): _share(shares) for lag, shares in replayed.trace.items() if shares.pairs}
    usable = [lag for lag in LAGS if lag >= LEAST_LAG and replayed.trace[lag].pairs >= FEWEST_PAIRS]
    if (
        why := trouble
        or _unreliable(replayed)
        or (None if usable else f"fewer than {FEWEST_PAIRS} pairs of episodes went on for {LEAST_LAG} steps")
    ):
        return Finding(reason=why, details={"by_steps": told})
    longest = max(usable)
    return replace(_share_found(replayed.trace[longest]), details={"steps": longest, "by_steps": told})


def _tasks(replayed: Replayed, trouble: str | None) -> Finding:
    details = {
        "distinct_starts": len(replayed.first_seen),
        "resets": replayed.resets,
        "start_differs": _share(replayed.starts),
        "luck_after_start": _share(replayed.luck),
    }
    few = None if replayed.tasks.pairs >= FEWEST_PAIRS else "there was no time for enough pairs of episodes"
    if why := trouble or _unreliable(replayed) or few:
        return Finding(reason=why, details=details)
    hidden = replayed.tasks.differ - replayed.starts.differ
    return replace(_share_found(replayed.tasks), details={**details, "hidden": hidden / replayed.tasks.pairs})


def _unreliable(replayed: Replayed) -> str | None:
    if replayed.control.differ:
        return "the same seed and actions give other observations, so nothing can be replayed"
    return None


def _share(shares: PairCount) -> float | None:
    return shares.differ / shares.pairs if shares.pairs else None


def _share_found(shares: PairCount) -> Finding:
    """Returns a share, its exact binomial interval, and p for at most a tenth."""
    test = stats.binomtest(shares.differ, shares.pairs, LEAKS_ABOVE, alternative="greater")
    low, high = stats.binomtest(shares.differ, shares.pairs).proportion_ci(CONFIDENCE, "exact")
    return Finding(shares.differ / shares.pairs, float(low), float(high), float(test.pvalue))
