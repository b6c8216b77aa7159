"""Lifetimes on their way, and what a probe does to them.

A lane's *neighbour* is the nearest lane before it that is on another task. Its *twin* is a lifetime on the lane's own
task that meets the neighbour's luck. Both have lived as long as the lane.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from torch import Tensor

from ingredients.agent.observation import Past
from ingredients.tasks import lifetime
from ingredients.training.interaction import Lanes, Play


class Scene(NamedTuple):
    """Who plays what, where the lifetimes are, the uniforms `[S, N, start_size]` that the episode started from.

    And who is whose neighbour, `[S, N]`.
    """

    play: Play
    lanes: Lanes
    start: Tensor
    neighbours: Tensor

    def changed(self, **parts: object) -> Scene:
        """Returns the scene with other parts of its lanes: `memory`, `world` or `past`."""
        return self._replace(lanes=replace(self.lanes, **parts))  # type: ignore[arg-type]

    def written(self, state: Tensor) -> Scene:
        """Returns lanes that meet, and see, in their environment what `state` says is written there."""
        world = lifetime.write(self.play.family, self.play.tasks, self.lanes.world, state)
        return self.changed(world=world, past=replace(self.lanes.past, observation=world.observation))


@dataclass(frozen=True)
class Intervention:
    """What a probe does to lifetimes; what it does not name stays as it is in plain ones, with the same luck.

    Attributes:
        half_way: makes other lanes of those at the episode boundary half-way, with which episode K // 2 begins.
        by_twin: the same, given the lanes' twins, too.
        past: makes, before each step, what lies behind the lanes. It is given that, what lay behind the plain lanes at
            that step, and who is whose neighbour.
        greedy: whether the likeliest action is taken instead of a sampled one.
        trembles: whether the environment carries out another action at a fifth of the steps (`grid.TREMBLES`).
    """

    half_way: Callable[[Scene], Scene] | None = None
    by_twin: Callable[[Scene, Scene], Scene] | None = None
    past: Callable[[Past, Past, Tensor], Past] | None = None
    greedy: bool = False
    trembles: bool = False

    def at_half(self, scene: Scene, twin: Scene) -> Scene:
        """Returns the lanes with which the second half of the lifetimes begins."""
        if self.by_twin is not None:
            return self.by_twin(scene, twin)
        return scene if self.half_way is None else self.half_way(scene)


PLAIN = Intervention()
