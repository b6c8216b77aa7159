"""Evaluation: adaptation curves of trained agents, plain and under interventions.

Comes in: the agents' weights `[S, P]`, tasks, a probe. Goes out: mean expected return of each episode, `[S, K]`.

A curve is made of the expected reward given ψ and the action (DESIGN §2, Scores), so that the luck of the pay-outs is
no noise in it; the luck that the agent itself met stays. Luck is drawn for chunks of at most 512 lanes, the same for
every kind of memory; where a memory's state is large, a chunk is played in parts (`lanes_at_once`). Chunks and parts
are as equal as can be: memory stays bounded, and no lane lacks a neighbour to swap with.

Probes (DESIGN §2) act at the episode boundary half-way, K // 2:

- `memory_swap`: the memory's state becomes that of the neighbouring lane, a lifetime on another task; r_{t-1} and
  a_{t-1} stay true, so that win-stay-lose-shift does not count as memory.
- `memory_wipe`: initial memory, empty r and a, and the start flag, on the same task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ingredients.agent.network import views
from ingredients.training.draws import EVALUATION, at_step, lifetime_draws, to_device
from ingredients.training.interaction import Draws, Lanes, Play, advance, begin
from ingredients.training.trainer import Setup

CHUNK_LANES = 512  # lanes whose luck is drawn at once; S × 512 × H floats of a recurrent state stay in the cache
FEWEST_LANES = 16
STATE_FLOATS = 2**21  # of a run's lanes at once: 64 MB for a stack of eight
Intervention = Callable[[Lanes, Lanes], Lanes]


def swap_memory(lanes: Lanes, initial: Lanes) -> Lanes:
    """Returns lanes whose memory is that of the lane before; everything else stays true."""
    return replace(lanes, memory=tuple(part.roll(1, dims=1) for part in lanes.memory))


def wipe_memory(lanes: Lanes, initial: Lanes) -> Lanes:
    """Returns lanes that remember nothing and are told that a lifetime starts; the environment goes on as it was."""
    past = replace(initial.past, observation=lanes.past.observation)
    return Lanes(initial.memory, lanes.environment, past)


PROBES: Mapping[str, Intervention] = {"memory_swap": swap_memory, "memory_wipe": wipe_memory}


def lanes_at_once(setup: Setup) -> int:
    """Returns how many lanes of a run are played together: 512, and fewer where the state of so many is large.

    It follows from the study and the kind of memory, never from the stack: a run swaps with the same neighbours always.
    """
    a_lane = max(setup.agent.memory.state_floats(setup.family.steps), 1)
    return min(CHUNK_LANES, max(FEWEST_LANES, STATE_FLOATS // a_lane))


@torch.no_grad()
def evaluate(setup: Setup, policy: Tensor, tasks: Tensor, probes: Sequence[str] = ()) -> dict[str, Tensor]:
    """Returns the agents' curves `[S, K]` (float64) by name: `none`, and each of `probes`.

    Args:
        setup: the stack.
        policy: the agents' weights `[S, P]`.
        tasks: `[S, N, D]`, the same number for each run.
        probes: `greedy` (the likeliest action instead of a sampled one) and names of `PROBES`.
    """
    weights = views(policy, setup.agent.shapes())
    names, episodes = ("none", *probes), setup.family.episodes
    total = {name: torch.zeros(policy.shape[0], episodes, dtype=torch.float64) for name in names}
    for seated, draws in _seated(setup, tasks):
        table = _Table(Play(setup.agent, setup.family, weights, seated.to(setup.device)), draws)
        for name, curve in table.curves(probes).items():
            total[name] += curve.cpu()
    return {name: curve / tasks.shape[1] for name, curve in total.items()}


def _seated(setup: Setup, tasks: Tensor) -> Iterator[tuple[Tensor, Draws]]:
    """Yields the tasks `[S, n, D]` of lanes that are played together, with their draws `[T, S, n, ...]`."""
    most = lanes_at_once(setup)
    for index, chunk in enumerate(_equal_parts(tasks, CHUNK_LANES, dim=1)):
        draws = to_device(lifetime_draws(setup.runs, setup.family, EVALUATION, index, chunk.shape[1]), setup.device)
        luck = (_equal_parts(part, most, dim=2) for part in draws[:-1])
        for part, *drawn in zip(_equal_parts(chunk, most, dim=1), *luck, strict=True):
            yield part, Draws(*[*drawn, draws.carry])


def _equal_parts(whole: Tensor, most: int, dim: int) -> Sequence[Tensor]:
    return whole.tensor_split(-(-whole.shape[dim] // most), dim=dim)


@dataclass(frozen=True)
class _Table:
    """Lanes that are played together, and the draws of their lifetimes, `[T, S, n, ...]`."""

    play: Play
    draws: Draws

    def curves(self, probes: Sequence[str]) -> dict[str, Tensor]:
        """Returns curves `[S, K]` summed over lanes; the interventions branch off the plain lifetimes half-way."""
        steps, episodes = self.play.family.steps, self.play.family.episodes
        half = episodes // 2 * (steps // episodes)
        initial = begin(self.play)
        halfway, early = self._steps(initial, range(half))
        curves = {"none": torch.cat([early, self._steps(halfway, range(half, steps))[1]], dim=1)}
        for name in probes:
            if name == "greedy":
                curves[name] = self._steps(initial, range(steps), greedy=True)[1]
            else:
                branched = PROBES[name](halfway, initial)
                curves[name] = torch.cat([early, self._steps(branched, range(half, steps))[1]], dim=1)
        return {name: curve.view(-1, episodes, steps // episodes).sum(-1) for name, curve in curves.items()}

    def _steps(self, lanes: Lanes, steps: range, greedy: bool = False) -> tuple[Lanes, Tensor]:
        """Returns the lanes after `steps`, and each step's expected reward summed over lanes, `[S, t]`."""
        lanes = replace(lanes, memory=tuple(part.clone() for part in lanes.memory))  # others branch off here too
        rewards = []
        for t in steps:
            lanes, moment = advance(self.play, lanes, at_step(self.draws, t), greedy)
            rewards.append(moment.step.expected_reward.double().sum(-1))
        return lanes, torch.stack(rewards, dim=1)
