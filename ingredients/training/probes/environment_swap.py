"""`environment_swap`: half-way, what the agent wrote becomes what the neighbour wrote."""

from __future__ import annotations

from ingredients.tasks import lifetime
from ingredients.training.scene import Intervention, Scene


def swap_environment(scene: Scene) -> Scene:
    """Returns lanes with what their neighbour wrote."""
    return scene.written(lifetime.of_others(scene.lanes.world.state, scene.neighbours))


INTERVENTION = Intervention(half_way=swap_environment)
