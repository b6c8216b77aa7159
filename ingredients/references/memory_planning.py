"""References of the memory & planning game (docs/planning.md).

- `wander` is not proven optimal without history.
- `reactive`: how often it goes straight is tuned.
- `search`: the price of untried edges is tuned; not exact, since optimal exploration is unsolved.
- `oracle`: exact, since goals do not depend on the way taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ingredients.references.at_random import AtRandom
from ingredients.references.planning_policies import MazeSearch, MazeWanderer, Oracle, Replay, VectorNavigator
from ingredients.references.policy import Reference, ReferencePolicy, ReferenceSet
from ingredients.references.simulation import mean_return, simulate
from ingredients.seeds import Purpose, generator
from ingredients.tasks.memory_planning import MemoryPlanning

STRAIGHT = (0.0, 0.2, 0.4)
PRICES = (1.0, 1.5, 2.0, 3.0)
MAZES = 300  # on which both are chosen
TUNING_LUCK = -1  # a stream of luck that no evaluation meets


def memory_planning_references(family: MemoryPlanning) -> ReferenceSet:
    """Returns all references, after tuning on their own mazes."""
    reactive = _best(family, [MazeWanderer(family, straight, forward=True) for straight in STRAIGHT])
    search = _best(family, [MazeSearch(family, price) for price in PRICES])
    policies: dict[str, ReferencePolicy] = {
        "random": AtRandom(family.actions),
        "wander": MazeWanderer(family),
        "reactive": reactive,
        "replay": Replay(family),
        "vector_navigator": VectorNavigator(family),
        "search": search,
        "oracle": Oracle(family),
    }
    everything = [
        Reference(name, name == "oracle", None, partial(simulate, family, policy)) for name, policy in policies.items()
    ]
    return ReferenceSet("wander", "reactive", "search", tuple(everything), floor_without_rewards=False)


def _best(family: MemoryPlanning, policies: Sequence[ReferencePolicy]) -> ReferencePolicy:
    """Returns the policy with the highest return on tuning mazes."""
    mazes = family.draw_tasks(generator(0, Purpose.REFERENCES, -1), MAZES)
    return max(policies, key=lambda policy: mean_return(family, policy, mazes, TUNING_LUCK))
