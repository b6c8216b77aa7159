"""Lifetimes in progress, and interventions on them.

A lane's *neighbour* is the nearest lane before it on another task; its *twin*, a lifetime on its own task with the
neighbour's random numbers.
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
    """Agents, lanes, the current episode's start uniforms `[S, N, start_size]`, and neighbours `[S, N]`."""

    play: Play
    lanes: Lanes
    start: Tensor
    neighbours: Tensor

    def changed(self, **parts: object) -> Scene:
        """Returns the scene with other `memory`, `world` or `past`."""
        return self._replace(lanes=replace(self.lanes, **parts))  # type: ignore[arg-type]

    def written(self, state: Tensor) -> Scene:
        """Returns lanes with `state` written into their environment, and observed."""
        world = lifetime.write(self.play.family, self.play.tasks, self.lanes.world, state)
        return self.changed(world=world, past=replace(self.lanes.past, observation=world.observation))


@dataclass(frozen=True)
class Intervention:
    """What a probe changes; all else, random numbers too, stays as in plain lifetimes.

    Attributes:
        half_way: changes lanes before episode K // 2.
        by_twin: the same, given twins too.
        past: changes the past before each step, given it, the plain past, and neighbours.
        trembles: other actions are executed at a fifth of the steps (`grid.TREMBLES`).
    """

    half_way: Callable[[Scene], Scene] | None = None
    by_twin: Callable[[Scene, Scene], Scene] | None = None
    past: Callable[[Past, Past, Tensor], Past] | None = None
    greedy: bool = False
    trembles: bool = False

    def at_half(self, scene: Scene, twin: Scene) -> Scene:
        """Returns the lanes that begin the second half."""
        if self.by_twin is not None:
            return self.by_twin(scene, twin)
        return scene if self.half_way is None else self.half_way(scene)


PLAIN = Intervention()
