"""`memory_swap_same`, the control of `memory_swap`: half-way the memory's state becomes that of the twin.

Both swaps bring the state of another lifetime; only `memory_swap` brings another task. So what that costs beyond this
one is knowledge of the task, and not the shock of a strange state.
"""

from __future__ import annotations

from ingredients.training.scene import Intervention, Scene


def swap_memory_same(scene: Scene, twin: Scene) -> Scene:
    """Returns lanes whose memory is that of their twin; everything else stays true."""
    return scene.changed(memory=twin.lanes.memory)


INTERVENTION = Intervention(by_twin=swap_memory_same)
