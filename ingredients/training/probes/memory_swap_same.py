"""`memory_swap_same`, the control of `memory_swap`: half-way the memory becomes that of the twin.

What `memory_swap` costs more is knowledge of the task, not a strange state's shock.
"""

from __future__ import annotations

from ingredients.training.scene import Intervention, Scene


def swap_memory_same(scene: Scene, twin: Scene) -> Scene:
    """Returns lanes with their twin's memory."""
    return scene.changed(memory=twin.lanes.memory)


INTERVENTION = Intervention(by_twin=swap_memory_same)
