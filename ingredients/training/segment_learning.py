"""Advantages, critic targets and minibatches of segments.

Rewards are divided by the running deviation of the discounted return (Engstrom et al. 2020).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ingredients.training.batches import Batch, Leaves, log_probabilities
from ingredients.training.critic import values
from ingredients.training.learner import Minibatch, normalise_per_run
from ingredients.training.segment_rules import LEAST_SPREAD
from ingredients.training.segments import Segments, by_minibatch
from ingredients.training.setup import Setup

FARTHEST = 10.0  # deviations of the return at which rewards are clipped
LEAST = 1e-4
_SCALE = "scale."


@dataclass
class ReturnScale:
    """Running deviation of each run's discounted return.

    Attributes:
        flow: discounted sum of each lane's episode, `[S, B]`.
        count: steps, `[S]`.
        mean, spread: the flow's mean and sum of squared deviations, `[S]`.
    """

    flow: NDArray[np.float64]
    count: NDArray[np.float64]
    mean: NDArray[np.float64]
    spread: NDArray[np.float64]

    @staticmethod
    def first(runs: int, lanes: int) -> ReturnScale:
        """Returns the initial scale."""
        return ReturnScale(np.zeros((runs, lanes)), *(np.zeros(runs) for _ in range(3)))

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """Returns copies by name, `[S, ...]`."""
        return {f"{_SCALE}{name}": array.copy() for name, array in vars(self).items()}

    @staticmethod
    def of(arrays: Mapping[str, NDArray[np.float64]]) -> ReturnScale:
        """Returns the scale of these arrays."""
        return ReturnScale(*(arrays[f"{_SCALE}{part.name}"].copy() for part in fields(ReturnScale)))

    def taken(self, segments: Segments, discount: float) -> Tensor:
        """Returns the deviation `[S]` after these steps."""
        reward, ended = (part.movedim(0, 2).flatten(2).cpu().numpy() for part in (segments.reward, segments.ended))
        flows = np.empty(reward.shape)
        for t in range(reward.shape[1]):
            self.flow = self.flow * discount + reward[:, t]
            flows[:, t] = self.flow
            self.flow = np.where(ended[:, t] != 0, 0.0, self.flow)
        more = float(flows[0].size)
        mean = flows.mean((1, 2))
        away = ((flows - mean[:, None, None]) ** 2).sum((1, 2))
        total = self.count + more
        self.spread += away + (mean - self.mean) ** 2 * self.count * more / total
        self.mean += (mean - self.mean) * more / total
        self.count = total
        deviation = np.maximum(np.sqrt(self.spread / total), LEAST)
        return torch.from_numpy(deviation).to(segments.reward)


@torch.no_grad()  # with a graph each update would leave some of its tensors behind
def segment_batches(setup: Setup, leaves: Leaves, segments: Segments, scale: Tensor) -> list[Batch]:
    """Returns minibatches with advantages, targets and old log-probabilities; `scale` `[S]` divides rewards."""
    tuned = setup.tuned
    eyes = _eyes(setup, segments.outputs, segments.inputs, segments.tasks, segments.clock)
    value = torch.stack([values(leaves.critic, each) for each in eyes])
    reward = (segments.reward / scale.view(1, -1, 1, 1)).clamp(-FARTHEST, FARTHEST)
    raw = segment_advantage(
        reward, value, segments.ended, _beyond(setup, leaves.critic, segments), tuned.discount, tuned.gae_lambda
    )
    target = raw + value
    advantage = _normalised(raw)
    batches = []
    for m, seen in enumerate(eyes):
        action, outputs = segments.action[m].flatten(1, 2), segments.outputs[m].flatten(1, 2)
        minibatch = Minibatch(action, log_probabilities(setup, leaves.policy, outputs, action), advantage[m].flatten(1))
        start = tuple(part[m] for part in segments.start) or None
        earned = reward[m].flatten(1)
        batches.append(
            Batch(
                segments.inputs[m],
                start,
                segments.carry[m],
                minibatch,
                earned,
                seen.flatten(1, 2),
                target[m].flatten(1),
            )
        )
    return batches


def _normalised(raw: Tensor) -> Tensor:
    """Returns advantages `[M, S, T, N]` with deviation 1 over each run's segment, or less if tiny (docs/learner.md)."""
    spread = raw.transpose(0, 1).flatten(1).std(1, correction=0)
    return normalise_per_run(raw) * (spread / LEAST_SPREAD).clamp(max=1.0).view(1, -1, 1, 1)


def segment_advantage(
    reward: Tensor, value: Tensor, ended: Tensor, beyond: Tensor, discount: float, trace: float
) -> Tensor:
    """Returns `generalised_advantage` to the episode's or segment's end; all are `[..., T, N]`, `trace` is λ.

    V_{t+1} is 0 after termination; after other ends `beyond`, the continuation's value.
    """
    advantage = torch.empty_like(reward)
    goes_on = 1.0 - ended
    goes_on[..., -1, :] = 0.0
    following = beyond.clone()
    following[..., :-1, :] += goes_on[..., :-1, :] * value[..., 1:, :]
    found = reward + discount * following - value
    running = torch.zeros_like(reward[..., 0, :])
    for t in range(reward.shape[-2] - 1, -1, -1):
        running = found[..., t, :] + discount * trace * goes_on[..., t, :] * running
        advantage[..., t, :] = running
    return advantage


def _eyes(setup: Setup, outputs: Tensor, inputs: Tensor, tasks: Tensor, clock: Tensor) -> Tensor:
    """Returns the critic's inputs `[..., C]`: output, input without images, ψ if allowed, time, 1."""
    felt = inputs[..., setup.agent.eye.words :]
    seen = tasks[..., : setup.critic.task_size - felt.shape[-1]]
    return torch.cat([outputs, felt, seen, clock, torch.ones_like(clock[..., :1])], dim=-1)


def _beyond(setup: Setup, critic: Mapping[str, Tensor], segments: Segments) -> Tensor:
    """Returns continuations' values after cuts, else 0, `[M, S, T, N]`."""
    minibatches = len(segments.reward)
    found = torch.zeros_like(segments.reward)
    for t, cut, output, inputs, clock, tasks in segments.beyond:
        value = values(critic, _eyes(setup, output, inputs, tasks, clock))
        found[:, :, t] = by_minibatch(torch.where(cut, value, torch.zeros_like(value)), minibatches, lanes=1)
    return found
