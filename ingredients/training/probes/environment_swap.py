"""`environment_swap`: half-way what the agent has written on its environment becomes what the neighbour has written.

The changed state is what the agent is shown next, if the family can tell (`foreign.shown_again`). An agent that uses
the environment as its memory follows the wrong past (claim 3).
"""

from __future__ import annotations

from ingredients.tasks import lifetime
from ingredients.training.scene import Intervention, Scene


def swap_environment(scene: Scene) -> Scene:
    """Returns lanes that meet, and see, in their environment what their neighbour has written there."""
    return scene.written(lifetime.of_others(scene.lanes.world.state, scene.neighbours))


INTERVENTION = Intervention(half_way=swap_environment)
