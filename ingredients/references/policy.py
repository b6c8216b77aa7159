"""Types of references: policies of known strength, compared with the agents' curves.

Shapes: N lanes (one lifetime each), K episodes, A actions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Protocol

import torch
from torch import Tensor


class ReferenceInput(NamedTuple):
    """What a policy may use at a step besides its memory.

    Attributes:
        step: t.
        tasks: ψ of each lane `[N, task_size]`, only for policies that know the task.
        observation: `[N, observation_size]`.
        reward_tm1: `[N]`; 0 at a lifetime's start and where hidden.
        action_tm1: as executed, `[N]` (int64), −1 at a lifetime's start; if continuous `[N, A]` and 0.
        generator: for this step's draws.
    """

    step: int
    tasks: Tensor
    observation: Tensor
    reward_tm1: Tensor
    action_tm1: Tensor
    generator: torch.Generator


class Answer(NamedTuple):
    """The outcome of a step, for a policy to remember.

    Attributes:
        observation: before the step, `[N, observation_size]`.
        action: as executed, `[N]` (int64), or `[N, A]`.
        reward: `[N]`; 0 where hidden.
        led_to: the next observation, `[N, observation_size]`, at an episode's end too.
        ended: by the task's rules, `[N]` (bool).
        waiting: without effect, `[N]` (bool).
    """

    step: int
    observation: Tensor
    action: Tensor
    reward: Tensor
    led_to: Tensor
    ended: Tensor
    waiting: Tensor
    generator: torch.Generator


class ReferencePolicy(Protocol):
    """A pure policy whose memory is one tensor with a row per lane, to be swapped by probes."""

    def initial(self, lanes: int) -> Tensor:
        """Returns the memory at a lifetime's start, `[N, ...]`."""
        ...

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns the intended actions, `[N]` (int64) or `[N, A]`."""
        ...

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns the memory `[N, ...]` after a step, without changing its input."""
        ...


class PolicyCurves(NamedTuple):
    """Adaptation curves `[K]` on given tasks: expected reward given ψ by episode, mean over tasks.

    Attributes:
        memory_swap: with another lane's memory from episode K // 2 on; r_{t-1} and a_{t-1} stay true.
        environment_swap: with what another lane wrote into its environment; None if nothing can be written.
        memory_swap_same, environment_swap_same: with what another lifetime on the same task carries; None if nothing.
        blocks: the same on G blocks of tasks, `[G][K]` by name; empty for computed curves.
    """

    none: list[float]
    memory_swap: list[float]
    environment_swap: list[float] | None = None
    memory_swap_same: list[float] | None = None
    environment_swap_same: list[float] | None = None
    blocks: Mapping[str, list[list[float]]] = MappingProxyType({})


CURVES = tuple(name for name in PolicyCurves._fields if name != "blocks")


@dataclass(frozen=True)
class Reference:
    """A policy of known strength.

    Attributes:
        exact: whether it is proven to be the best with its information, and thus a ceiling; else the best *found*
            (`reactive`) or a named algorithm (`thompson`).
        expected_return: of a lifetime under the task distribution; None if out of reach.
        curves: of tasks `[N, task_size]` and a run, whose draws it uses if simulated.
    """

    name: str
    exact: bool
    expected_return: float | None
    curves: Callable[[Tensor, int], PolicyCurves]


@dataclass(frozen=True)
class ReferenceSet:
    """The references of a family and their roles in the verdict (docs/design.md §6).

    Attributes:
        floor: the best that ignores the history.
        reactive: the best found on r_{t-1} and a_{t-1}, or None.
        yardstick: the best known; `informed` is trained, not played (`experiment.informed`).
        all: in report order.
        floor_without_rewards: whether no agent that observes no reward can beat the floor; False if the floor is only
            found, or something else tells tasks apart.
    """

    floor: str
    reactive: str | None
    yardstick: str
    all: tuple[Reference, ...]
    floor_without_rewards: bool = True
