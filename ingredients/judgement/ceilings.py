"""The ceiling of a cell: the highest return its information allows (docs/design.md §5, traps 1 to 3 and 5).

Without memory it is the best known (`experiment.memoryless`); with memory the yardstick, which is only a bound if the
environment leaks or is writable.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ingredients.grid import INGREDIENTS, Cell
from ingredients.judgement.results import Ceiling
from ingredients.judgement.scores import Scale, late
from ingredients.judgement_input.references import CHANNELS, INFORMED, References
from ingredients.study import MemoryKind

REACTIVE_REWARD_ONLY = "reactive_reward_only"
REWARDS_ONLY = "rewards_only"
SEEN = {
    (True, True): ("both", "the last reward and the last action"),
    (True, False): ("reward", "the last reward, not the action that earned it"),
    (False, True): ("action", "the last action, not what it earned"),
    (False, False): ("neither", "neither reward nor action"),
}
"""Without memory, by whether reward and action are shown: the key of `memoryless`, and what is known in words."""


@dataclass(frozen=True, eq=False)
class CeilingInput:
    """Input of ceilings."""

    references: References
    scale: Scale
    delta: float
    writable: bool


@dataclass(frozen=True)
class _Bound:
    information: str
    reference: str | None
    reached: bool = True
    possible: bool = True
    """Whether the information is known to allow it at all; else it is no more than an upper bound."""


def ceiling(cell: Cell, memory_kind: str, grounds: CeilingInput) -> Ceiling | None:
    """Returns the ceiling of a cell, if a reference gives it.

    Graded levels have the bound of full ones. A window has none, nor memory under an informed yardstick.
    """
    references = grounds.references
    most = _in_full(cell)
    remembers = most.wipe_every is None and memory_kind != "none"
    if remembers and memory_kind == "window":
        return None
    bound = _bound(most, remembers, grounds)
    if graded(cell):
        bound = replace(bound, information=f"at most: {bound.information}", reached=False, possible=False)
    if bound.reference is None or bound.reference not in references.all:
        return None
    reference = references.all[bound.reference]
    return Ceiling(
        information=bound.information,
        method=("exact" if reference.exact else "best_found") if bound.reached else "bound",
        return_=float(reference.curve.sum()),
        trainable_incentive=cell.task_distribution is True,
        reference=bound.reference,
        suffices=_suffices(bound, grounds),
    )


def _suffices(bound: _Bound, grounds: CeilingInput) -> bool | None:
    """Returns whether a policy at the ceiling clears the hurdle by δ.

    None if the ceiling is a bound that clears it, or is the hurdle itself and only found.
    """
    name = bound.reference or ""
    raw_late = late(grounds.references.all[name].curve)
    if not grounds.scale.usable:
        return None
    reactive = grounds.references.roles.get("reactive")
    if reactive is not None and reactive.name == name and not reactive.exact:
        return None  # the bound is the hurdle itself, and only found
    hurdle = 0.0 if reactive is None else grounds.scale.normalise(late(reactive.curve))
    clears = grounds.scale.normalise(raw_late) - hurdle > grounds.delta
    return None if clears and not bound.possible else clears


def graded(cell: Cell) -> bool:
    """Returns whether a channel or memory is on in part."""
    return _in_full(cell) != cell


def _in_full(cell: Cell) -> Cell:
    """Returns the cell with partial channels and memory fully on."""
    levels = {name: cell.level(name) for name in INGREDIENTS if name != "task_distribution"}
    return replace(cell, **{name: True for name, level in levels.items() if not isinstance(level, bool | MemoryKind)})


def _bound(cell: Cell, remembers: bool, grounds: CeilingInput) -> _Bound:
    references = grounds.references
    leaked = any(not cell.level(name) for name in references.leaking)
    unknown = references.yardstick == INFORMED  # then the best possible return is unknown
    blind = not cell.reward_observation and CHANNELS[0] not in references.leaking and references.floor_without_rewards
    if not (unknown or grounds.writable or (leaked and not blind)):
        return _told_by_channels(cell, remembers, references)
    if not remembers:
        return _memoryless(cell, references)
    shown = "all that the environment shows and the channels do"
    return _Bound(shown, None if unknown else references.yardstick, reached=False, possible=False)


def _memoryless(cell: Cell, references: References) -> _Bound:
    shown = bool(cell.reward_observation), bool(cell.action_observation)
    return _Bound(f"{SEEN[shown][1]}, and what the environment shows", references.memoryless.get(SEEN[shown][0]))


def _told_by_channels(cell: Cell, remembers: bool, references: References) -> _Bound:
    """Returns the bound where, as in bandits, only channels tell reward and action."""
    if not cell.reward_observation and (remembers or references.floor_without_rewards):
        nothing_tells = references.floor if references.floor_without_rewards else None
        return _Bound("no reward seen: nothing tells one task from another", nothing_tells)
    if not cell.reward_observation:
        return _memoryless(cell, references)
    if not remembers and cell.action_observation:
        return _Bound("the last reward and the last action", references.memoryless.get("both", references.reactive))
    if not remembers:
        known = references.memoryless.get("reward", REACTIVE_REWARD_ONLY)
        return _Bound("the last reward, not the action that earned it", known)
    if cell.action_observation:
        return _Bound("every reward and action of the lifetime", references.yardstick)
    if REWARDS_ONLY in references.all:
        return _Bound("every reward of the lifetime, but nothing of the pulls that earned them", REWARDS_ONLY)
    return _Bound(
        "every reward of the lifetime; own actions inferred from memory, which is possible in principle where the "
        "policy is deterministic and no action slips",
        references.yardstick,
        reached=False,
    )
