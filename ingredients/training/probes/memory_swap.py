"""`memory_swap`: half-way the memory's state becomes that of the neighbour, a lifetime on another task.

r_{t-1} and a_{t-1} stay true, so that win-stay-lose-shift does not count as memory. An agent that learns in context
follows the wrong past.
"""

from __future__ import annotations

from ingredients.tasks import lifetime
from ingredients.training.scene import Intervention, Scene


def swap_memory(scene: Scene) -> Scene:
    """Returns lanes whose memory is that of their neighbour; everything else stays true."""
    return scene.changed(memory=tuple(lifetime.of_others(part, scene.neighbours) for part in scene.lanes.memory))


INTERVENTION = Intervention(half_way=swap_memory)
