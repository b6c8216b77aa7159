"""`memory_swap_same`: half-way the memory becomes the twin's."""

from __future__ import annotations

from ingredients.training.scene import Intervention, Scene


def swap_memory_same(scene: Scene, twin: Scene) -> Scene:
    """Returns lanes with their twin's memory."""
    return scene.changed(memory=twin.lanes.memory)


INTERVENTION = Intervention(by_twin=swap_memory_same)
