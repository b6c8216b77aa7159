"""`memory_wipe`: half-way initial memory, empty r and a, start flag."""

from __future__ import annotations

from ingredients.training.interaction import begin, nothing_past
from ingredients.training.scene import Intervention, Scene


def wipe_memory(scene: Scene) -> Scene:
    """Returns lanes with initial memory and past."""
    initial = begin(scene.play, scene.start)
    return scene.changed(memory=initial.memory, past=nothing_past(scene.play, scene.lanes.past.observation))


INTERVENTION = Intervention(half_way=wipe_memory)
