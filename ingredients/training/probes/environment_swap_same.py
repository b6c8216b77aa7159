"""`environment_swap_same`: half-way, what the agent wrote becomes what the twin wrote."""

from __future__ import annotations

from ingredients.training.scene import Intervention, Scene


def swap_environment_same(scene: Scene, twin: Scene) -> Scene:
    """Returns lanes with what their twin wrote."""
    return scene.written(twin.lanes.world.state)


INTERVENTION = Intervention(by_twin=swap_environment_same)
