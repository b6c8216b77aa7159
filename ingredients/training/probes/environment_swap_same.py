"""`environment_swap_same`, the control of `environment_swap`: half-way what is written becomes what the twin wrote."""

from __future__ import annotations

from ingredients.training.scene import Intervention, Scene


def swap_environment_same(scene: Scene, twin: Scene) -> Scene:
    """Returns lanes that meet, and see, in their environment what their twin has written there."""
    return scene.written(twin.lanes.world.state)


INTERVENTION = Intervention(by_twin=swap_environment_same)
