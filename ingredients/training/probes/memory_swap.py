"""`memory_swap`: half-way the memory becomes the neighbour's.

r_{t-1} and a_{t-1} stay true: win-stay-lose-shift is no memory.
"""

from __future__ import annotations

from ingredients.tasks import lifetime
from ingredients.training.scene import Intervention, Scene


def swap_memory(scene: Scene) -> Scene:
    """Returns lanes with their neighbour's memory."""
    return scene.changed(memory=tuple(lifetime.of_others(part, scene.neighbours) for part in scene.lanes.memory))


INTERVENTION = Intervention(half_way=swap_memory)
