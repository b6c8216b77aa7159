"""`memory_wipe`: half-way initial memory, empty r and a, and the start flag, on the same task.

An agent that learns in context learns the task a second time.
"""

from __future__ import annotations

from ingredients.training.interaction import begin, nothing_past
from ingredients.training.scene import Intervention, Scene


def wipe_memory(scene: Scene) -> Scene:
    """Returns lanes that remember nothing and are told that a lifetime starts; the environment goes on as it was."""
    initial = begin(scene.play, scene.start)
    return scene.changed(memory=initial.memory, past=nothing_past(scene.play, scene.lanes.past.observation))


INTERVENTION = Intervention(half_way=wipe_memory)
