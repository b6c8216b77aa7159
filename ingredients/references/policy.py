"""What a reference is: a policy whose strength is known, beside which the agents' curves are read.

A policy is a batched pure tensor program that keeps its memory in an explicit tensor, so that a probe can swap it.

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
    """What a policy may use at one step besides its own memory; it uses what its name says and nothing else.

    Attributes:
        step: t, the steps of the lifetime that are over.
        tasks: ψ of each lane `[N, task_size]`, for a policy that is told the task.
        observation: what the environment shows `[N, observation_size]`.
        reward_tm1: the last reward `[N]`, 0 at the start of a lifetime and where nobody can observe it.
        action_tm1: the last action that was carried out `[N]` (int64), −1 at the start of a lifetime; `[N, A]` and 0
            where the family is continuous.
        generator: the policy's own draws for this step.
    """

    step: int
    tasks: Tensor
    observation: Tensor
    reward_tm1: Tensor
    action_tm1: Tensor
    generator: torch.Generator


class Answer(NamedTuple):
    """What came of one step, for a policy to remember.

    Attributes:
        step: t.
        observation: what was shown when the policy chose, `[N, observation_size]`.
        action: what was carried out, `[N]` (int64), or `[N, A]`.
        reward: what was paid, `[N]`; 0 where nobody can observe it.
        led_to: what the step led to, `[N, observation_size]`, at an episode's end too.
        ended: whether the step ended its episode by the task's own rules, `[N]` (bool).
        waiting: whether the step was one of waiting, `[N]` (bool): nothing came of it.
        generator: the policy's own draws, for one that plans by lot.
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
    """A policy of which the whole memory is one tensor, a row a lane."""

    def initial(self, lanes: int) -> Tensor:
        """Returns the memory at a lifetime's start, `[N, ...]`."""
        ...

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns the intended action of each lane, `[N]` (int64), or `[N, A]` where the family is continuous."""
        ...

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns the memory `[N, ...]` after a step; what is handed in stays as it is."""
        ...


class PolicyCurves(NamedTuple):
    """Adaptation curves of a policy on given tasks: expected reward given ψ of each episode, mean over tasks.

    Attributes:
        none: `[K]`, without a probe.
        memory_swap: `[K]`, with the memory of another lane from episode K // 2 on; r_{t-1} and a_{t-1} stay true.
        environment_swap: `[K]`, with what another lane has written into its environment from episode K // 2 on; None
            where nothing can be written there.
        memory_swap_same, environment_swap_same: `[K]`, the controls of the two swaps: with what another lifetime on the
            same task carries. None where a policy carries nothing: then there is nothing to control.
        blocks: the same curves on each of G blocks of the tasks, `[G][K]` by name; empty where the curves are computed,
            which can be done for a block as for all tasks.
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
        name: as docs/design.md §6 lists it.
        exact: True where the policy is proven to be the best of those that know what it knows, which makes it a ceiling
            (`random` and `best_fixed`: nothing; `oracle`: the task; `bayes_optimal`: its history). False where it is
            the best that was *found* (`reactive`) or an algorithm of that name (`thompson`): others with the same
            information may do better.
        expected_return: its return of a whole lifetime in expectation under the task distribution, computed and not
            simulated; None where that is out of reach.
        curves: what `curves(tasks [N, task_size], run)` earns on these tasks. A policy whose expected reward given ψ
            can be computed has the same curves in every run; the others are simulated with the draws of that run.
    """

    name: str
    exact: bool
    expected_return: float | None
    curves: Callable[[Tensor, int], PolicyCurves]


@dataclass(frozen=True)
class ReferenceSet:
    """The references of a family, and which of them plays which role in the verdict (docs/design.md §6).

    Attributes:
        floor: name of the best that ignores the history.
        reactive: name of the best found on r_{t-1} and a_{t-1} alone; None where the family has none.
        yardstick: name of the best known; `informed` is not played here, but trained (`experiment.informed`).
        all: every reference, in the order in which reports list them.
        floor_without_rewards: whether no agent that observes no reward can beat the floor. False where something else
            tells tasks apart, and where the floor is only the best that was found.
    """

    floor: str
    reactive: str | None
    yardstick: str
    all: tuple[Reference, ...]
    floor_without_rewards: bool = True
