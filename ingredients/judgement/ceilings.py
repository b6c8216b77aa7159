"""The ceiling of a cell: the most that anyone could earn with what the cell lets him know (DESIGN §2, traps 1-3, 5).

Comes in: a cell and the references. Goes out: a `Ceiling`, or None where no reference says. It tells "impossible" from
"not learned": a cell that stays on the floor with the floor as its ceiling has failed at nothing. These ceilings hold
where the environment does not show what the cell's channels hide, and cannot be written on, as in a bandit. An agent
that was shown the task (`informed`) is no ceiling: with more training others may pass it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ingredients.grid import INGREDIENTS, Cell
from ingredients.judgement.inputs import INFORMED, References
from ingredients.judgement.results import Ceiling
from ingredients.judgement.scores import Scale, late
from ingredients.study import MemoryKind

REACTIVE_REWARD_ONLY = "reactive_reward_only"
REWARDS_ONLY = "rewards_only"


@dataclass(frozen=True, eq=False)
class Grounds:
    """What ceilings are measured by: the references, their scale, δ, and whether the environment can be written on."""

    references: References
    scale: Scale
    delta: float
    writable: bool


@dataclass(frozen=True)
class _Bound:
    information: str
    reference: str | None
    reached: bool = True


def ceiling(cell: Cell, memory_kind: str, grounds: Grounds) -> Ceiling | None:
    """Returns the ceiling of a cell; None for graded levels, leaks in its place, and where no reference gives it.

    None, too, where the yardstick is an informed agent.

    It is one of information, so it is the same for every kind of memory that can carry the whole lifetime; a window
    holds a part of it, for which there is no reference, and the kind `none` holds nothing, whatever the level says.

    One training task leaves the information and its ceiling as they are, and takes away the incentive: the answer to
    that task can be learned by heart, and is worth no more than the floor on others.
    """
    references, remembers = grounds.references, cell.wipe_every is None and memory_kind != "none"
    leaked = any(not cell.level(name) for name in references.leaking)
    unknown = references.yardstick == INFORMED  # then nobody knows what could be earned, nor what a floor rules out
    if unknown or grounds.writable or leaked or _graded(cell) or (remembers and memory_kind == "window"):
        return None
    bound = _bound(cell, remembers, references)
    if bound.reference is None or bound.reference not in references.all:
        return None
    reference = references.all[bound.reference]
    return Ceiling(
        information=bound.information,
        method=("exact" if reference.exact else "best_found") if bound.reached else "bound",
        return_=float(reference.curve.sum()),
        trainable_incentive=cell.task_distribution is True,
        reference=bound.reference,
        suffices=_suffices(late(reference.curve), grounds),
    )


def _suffices(raw_late: float, grounds: Grounds) -> bool | None:
    """Returns whether a policy at the ceiling would clear the hurdle of the rule, the reactive reference, by δ."""
    if not grounds.scale.usable:
        return None
    reactive = grounds.references.roles.get("reactive")
    hurdle = 0.0 if reactive is None else grounds.scale.normalise(late(reactive.curve))
    return grounds.scale.normalise(raw_late) - hurdle > grounds.delta


def _graded(cell: Cell) -> bool:
    return any(not isinstance(cell.level(name), bool | MemoryKind) for name in INGREDIENTS)


def _bound(cell: Cell, remembers: bool, references: References) -> _Bound:
    if not cell.reward_observation:
        nothing_tells = references.floor if references.floor_without_rewards else None
        return _Bound("no reward seen: nothing tells one task from another", nothing_tells)
    if not remembers and cell.action_observation:
        return _Bound("the last reward and the last action", references.reactive)
    if not remembers:
        return _Bound("the last reward, not the action that earned it", REACTIVE_REWARD_ONLY)
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
