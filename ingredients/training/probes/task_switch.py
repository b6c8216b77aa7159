"""`task_switch`: half-way the task becomes the neighbour's; memory, r and a stay."""

from __future__ import annotations

from dataclasses import replace

from ingredients.tasks import lifetime
from ingredients.training.scene import Intervention, Scene


def switch_task(scene: Scene) -> Scene:
    """Returns lanes on their neighbour's task, at an episode's start."""
    play = replace(scene.play, tasks=lifetime.of_others(scene.play.tasks, scene.neighbours))
    world = lifetime.begin(play.family, play.tasks, scene.start)
    past = replace(scene.lanes.past, observation=world.observation)
    return scene._replace(play=play).changed(world=world, past=past)


INTERVENTION = Intervention(half_way=switch_task)
