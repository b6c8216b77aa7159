"""The references of the memory & planning game: chance, walking on, paths, coordinates, search, the map.

- Floor: `wander`, which sees where it stands and where the goal is, collects there, and else moves at random: labels
  say nothing of directions. That no rule on two labels is better is not proven, so it is not exact.
- Reactive: `reactive`, which does not turn back, as a_{t-1} lets it; how often it goes straight on is chosen on mazes
  of its own.
- `replay` repeats paths that it walked in one piece, `vector_navigator` goes by coordinates: what an agent without
  search can do. With no walls coordinates are as good as search; with 12 of 32 edges closed they earn two thirds of it.
- Yardstick: `search`, which weighs routes over edges that it saw, never walked in a row. An edge that was never tried
  counts as open at a price, chosen on mazes of its own. Going by edges seen alone, where they lead to the goal, earns
  less: a known detour is taken for a way that is one step off. When to explore is a problem that is not solved here, so
  it is not exact.
- `oracle` knows the map and goes the shortest way; exact, since goals do not depend on it.

With no walls the oracle takes 3.133 steps a goal on 4 × 4 places (3 × 3: 2.5; 5 × 5: 3.5): the mean distance to another
place and one step to collect. Over a long life that is 31.9 goals in 100 steps (40.0, 28.6). In the first 100 steps it
is .3 less, since the last goal is cut off: 31.61 (39.72, 28.25), which is what curves add up to.
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
    """Returns all references; this plays some on mazes of their own, to choose among them."""
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
    """Returns the policy that earns most on some mazes."""
    mazes = family.draw_tasks(generator(0, Purpose.REFERENCES, -1), MAZES)
    return max(policies, key=lambda policy: mean_return(family, policy, mazes, TUNING_LUCK))
