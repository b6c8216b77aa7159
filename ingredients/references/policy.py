"""Types of references.

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
        tasks: ψ `[N, task_size]`, for policies that know it.
        observation: `[N, observation_size]`.
        reward_tm1: `[N]`; 0 at first and where hidden.
        action_tm1: as executed, `[N]` (int64), −1 at first; if continuous `[N, A]` and 0.
        generator: for draws.
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
        led_to: the next observation, `[N, observation_size]`, even if the episode ended.
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
    """A pure policy whose memory is one tensor with a row per lane."""

    def initial(self, lanes: int) -> Tensor:
        """Returns the memory at a lifetime's start, `[N, ...]`."""
        ...

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns the intended actions, `[N]` (int64) or `[N, A]`."""
        ...

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns the memory `[N, ...]` after a step; its input stays unchanged."""
        ...


class PolicyCurves(NamedTuple):
    """Expected reward given ψ by episode, `[K]`, mean over given tasks.

    Attributes:
        memory_swap: with another lane's memory from episode K // 2 on; r_{t-1} and a_{t-1} stay true.
        environment_swap: with what another lane wrote.
        memory_swap_same, environment_swap_same: with those of another lifetime on the same task.
        blocks: on G blocks of tasks, `[G][K]` by name, if simulated.
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
        exact: proven to be the best with its information, not just *found* (`reactive`) or named (`thompson`).
        expected_return: of a lifetime under the task distribution, if known.
        curves: of tasks `[N, task_size]`, with the draws of a run.
    """

    name: str
    exact: bool
    expected_return: float | None
    curves: Callable[[Tensor, int], PolicyCurves]


@dataclass(frozen=True)
class ReferenceSet:
    """The references of a family and their roles in the verdict (docs/design.md §6).

    Attributes:
        floor: best that ignores the history.
        reactive: best found on r_{t-1} and a_{t-1}, or None.
        yardstick: best known; `informed` is trained (`experiment.informed`).
        all: in report order.
        floor_without_rewards: whether no agent that observes no reward can beat the floor; False if unknown.
    """

    floor: str
    reactive: str | None
    yardstick: str
    all: tuple[Reference, ...]
    floor_without_rewards: bool = True
