"""The axis of adaptation curves: a lifetime's episodes or steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ingredients.study.messages import several
from ingredients.study.section import TasksSection
from ingredients.study.tasks import GymnasiumTasks


@dataclass(frozen=True)
class Axis:
    """A curve's axis: `points` episodes, or bins of `bin_steps` steps (1 for episodes)."""

    name: Literal["episode", "step"]
    points: int
    bin_steps: int = 1

    @property
    def of_steps(self) -> bool:
        """Whether points are bins of steps."""
        return self.name == "step"

    @property
    def starts(self) -> range:
        """First episode or step of each point, from 0."""
        return range(0, self.points * self.bin_steps, self.bin_steps)

    @property
    def middles(self) -> list[float]:
        """Where points are drawn: the episode, from 1, or the bin's middle."""
        return [(self.edge(point) + self.edge(point + 1)) / 2 for point in range(self.points)]

    def edge(self, point: int) -> float:
        """Returns where a point (0-based) begins when drawn: between episodes, or its first step."""
        return float(point * self.bin_steps) if self.of_steps else point + 0.5

    @property
    def label(self) -> str:
        """Title of a horizontal axis."""
        return "step of the lifetime" if self.of_steps else "episode of the lifetime"

    @property
    def returned(self) -> str:
        """Title of a vertical axis."""
        return f"mean return of {self.bin_steps} steps" if self.of_steps else "mean return of the episode"

    @property
    def each(self) -> str:
        """Unit of a return: `-3 an episode`."""
        return f"in {several(self.bin_steps, 'step')}" if self.of_steps else "an episode"

    @property
    def of_each(self) -> str:
        """What a return is of: `return of an episode`."""
        return f"of {several(self.bin_steps, 'step')}" if self.of_steps else "of an episode"

    @property
    def of_points(self) -> str:
        """What a curve is of: `score of each episode`."""
        return f"each {several(self.bin_steps, 'step')}" if self.of_steps else "each episode"

    @property
    def whole(self) -> str:
        """Length of a lifetime in words."""
        return several(self.points * self.bin_steps, self.name)

    def place(self, point: int) -> str:
        """Returns a point (0-based) in words: `episode 3`, `steps 21 to 30`."""
        if not self.of_steps:
            return f"episode {point + 1}"
        return f"steps {point * self.bin_steps + 1} to {(point + 1) * self.bin_steps}"


EPISODES = Axis("episode", 0)
"""The axis of episodes, however many they are."""


def axis_of(section: TasksSection) -> Axis:
    """Returns the axis of curves on a study's tasks."""
    if isinstance(section, GymnasiumTasks) and section.axis == "steps":
        return Axis("step", section.lifetime_steps // section.bin, section.bin)
    return Axis("episode", section.episodes)


def by_episodes(section: TasksSection) -> TasksSection:
    """Returns the tasks on the axis of episodes."""
    return section.model_copy(update={"axis": "episodes"}) if axis_of(section).of_steps else section


def bins_of(section: TasksSection) -> dict[str, int]:
    """Returns the bin's length, on which evaluations depend, if any."""
    axis = axis_of(section)
    return {"bin_steps": axis.bin_steps} if axis.of_steps else {}
