"""Transformers, S runs in one tensor program: causal attention over the lifetime (Vaswani et al. 2017).

    e = W_e x_t;  for each block:  e += W_o attention(norm(e)),  e += W_2 relu(W_1 norm(e));  output = norm(e)

Pre-norm (Xiong et al. 2020) without weights; the embedded constant column is every bias. Scores fall linearly with
distance (ALiBi, Press et al. 2022); one head has slope 0, to count. Tokens attend only to those after the last carry of
0; absolute time is hidden (docs/design.md §5, trap 4).

Stored weights are `HELD` times those used, which lowers attention's learning rate: Adam ignores scale.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import layer_norm, scaled_dot_product_attention

from ingredients.agent.memory.protocol import State
from ingredients.tasks.constants import constant

BLOCKS = 2
SLOPES = (0.0, 2.0**-6, 2.0**-4, 2.0**-2)  # one a head
HEADS = len(SLOPES)
HELD = 4.0  # late score on 5 arms × 50 pulls, 300k steps, default rate: .90, .87, .92; with 1: .59, .85, .82
AS_ACTS = HELD**-2  # two products lie between the norm and the scores, or what is added to the stream
REACH = 16  # attention covers whole SIMD registers of steps, else bits depend on a run's place in the stack
KEPT_A_BLOCK, KEPT = 11, 8  # floats a lane, a step and a unit: the tape of a block; of the way back through one
LANES_A_RUN = 8  # the fewest that share a run's mask, as the cost counts it


@dataclass(frozen=True)
class Transformer:
    """The memory: four heads, two blocks whose middle layer has 2·H ReLU units."""

    inputs: int
    hidden: int

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns shapes by name; `attend` holds queries, keys, values side by side."""
        h = self.hidden
        shapes: dict[str, tuple[int, ...]] = {"transformer.embed": (self.inputs, h)}
        for block in range(BLOCKS):
            parts = {"attend": (h, 3 * h), "mix": (h, h), "first": (h, 2 * h), "second": (2 * h, h)}
            shapes |= {f"transformer.{block}.{part}": shape for part, shape in parts.items()}
        return shapes

    def initial_weights(self, draw: torch.Generator) -> dict[str, Tensor]:
        """Returns first weights, in effect LeCun-uniform, smaller where they add to the stream."""
        weights = {}
        for name, shape in self.shapes().items():
            bound = HELD * math.sqrt(3.0 / shape[0])
            if name.endswith((".mix", ".second")):
                bound *= (2 * BLOCKS) ** -0.5
            weights[name] = torch.empty(shape).uniform_(-bound, bound, generator=draw)
        return weights

    def initial_state(self, runs: int, lanes: int, steps: int, like: Tensor) -> State:
        """Returns empty caches, each block's keys and values `[S, N, capacity, H]`, and two counts `[S, N]` (int64).

        They are the steps so far, equal in all lanes, and the start of a lane's memory.
        """
        shape = (runs, lanes, _whole(steps), self.hidden)
        count = torch.zeros(runs, lanes, dtype=torch.int64, device=like.device)
        return *(like.new_zeros(shape) for _ in range(2 * BLOCKS)), count, torch.zeros_like(count)

    def step(self, weights: Mapping[str, Tensor], state: State, carry_t: Tensor, x_t: Tensor) -> tuple[Tensor, State]:
        """Implements `Memory.step`; caches change in place."""
        *caches, count, begin = state
        begin = torch.where(carry_t[..., 0] == 0, count, begin)
        bias = _step_bias(count, begin, caches[0])
        stream = torch.bmm(x_t, weights["transformer.embed"] / HELD)
        for block in range(BLOCKS):
            now = torch.bmm(_norm(stream), weights[f"transformer.{block}.attend"])
            query, *entries = now.chunk(3, dim=-1)
            pair = caches[2 * block : 2 * block + 2]
            for cache, entry in zip(pair, entries, strict=True):
                cache.index_copy_(2, count[0, :1], entry.unsqueeze(2))
            stream = _feed(weights, block, stream, _recall(query, pair[0], pair[1], bias))
        return _norm(stream), (*caches, count + 1, begin)

    def unroll(self, weights: Mapping[str, Tensor], carry: Tensor, x: Tensor, start: State | None = None) -> Tensor:
        """Implements `Memory.unroll`."""
        assert start is None, "a study asks only memories whose state has bounds for another start"
        runs, steps, lanes, _ = x.shape
        bias = _life_bias(carry, x.dtype)
        stream = torch.bmm(x.transpose(1, 2).reshape(runs, lanes * steps, -1), weights["transformer.embed"] / HELD)
        for block in range(BLOCKS):
            now = torch.bmm(_norm(stream), weights[f"transformer.{block}.attend"])
            # runs and heads in front, so that one mask serves all lanes of a run
            parts = now.view(runs, lanes, steps, 3, HEADS, -1).permute(3, 0, 4, 1, 2, 5).flatten(1, 2)
            query, keys, values = parts.unbind(0)
            mask = bias.expand(-1, lanes, -1, -1)
            scale = AS_ACTS * query.shape[-1] ** -0.5
            seen = scaled_dot_product_attention(query, keys, values, mask, scale=scale)
            by_token = seen.view(runs, HEADS, lanes, steps, -1).permute(0, 2, 3, 1, 4).reshape(stream.shape)
            stream = _feed(weights, block, stream, by_token)
        return _norm(stream).view(runs, lanes, steps, -1).transpose(1, 2)

    def tape_floats(self, steps: int) -> int:
        """Implements `Memory.tape_floats`; at least eight lanes share a run's mask of `HEADS` × steps²."""
        return (KEPT_A_BLOCK * BLOCKS + KEPT) * self.hidden + HEADS * steps // LANES_A_RUN

    def state_floats(self, steps: int) -> int:
        """Implements `Memory.state_floats`."""
        return 2 * BLOCKS * _whole(steps) * self.hidden + 4


def _whole(steps: int) -> int:
    """Returns the steps rounded up to SIMD registers."""
    return steps + -steps % REACH


def _norm(stream: Tensor) -> Tensor:
    return layer_norm(stream, stream.shape[-1:])


def _feed(weights: Mapping[str, Tensor], block: int, stream: Tensor, seen: Tensor) -> Tensor:
    """Returns the stream `[S, X, H]` plus a block's attention `[S, X, H]` and middle layer."""
    stream = torch.baddbmm(stream, seen, weights[f"transformer.{block}.mix"], alpha=AS_ACTS)
    units = torch.bmm(_norm(stream), weights[f"transformer.{block}.first"]).relu_()
    return torch.baddbmm(stream, units, weights[f"transformer.{block}.second"], alpha=AS_ACTS)


def _recall(query: Tensor, keys: Tensor, values: Tensor, bias: Tensor) -> Tensor:
    """Returns the attention of a query `[S, N, H]` over caches `[S, N, capacity, H]`; bias `[S, N, heads, reach]`."""
    runs, lanes, heads, reach = bias.shape
    own = torch.eye(heads, dtype=query.dtype, device=query.device).repeat_interleave(query.shape[-1] // heads, dim=1)
    rows = (query.unsqueeze(2) * own).flatten(0, 1)
    seen_keys, seen_values = (cache.flatten(0, 1)[:, :reach] for cache in (keys, values))
    scale = AS_ACTS * (query.shape[-1] // heads) ** -0.5
    scores = torch.bmm(seen_keys, rows.transpose(1, 2)).transpose(1, 2)  # twice as fast as the product transposed
    scores = torch.add(bias.flatten(0, 1), scores, alpha=scale)
    found = torch.bmm(torch.softmax(scores, dim=-1), seen_values)
    return (found * own).sum(1).view(runs, lanes, -1)


def _step_bias(count: Tensor, begin: Tensor, cache: Tensor) -> Tensor:
    """Returns a step's bias on scores, `[S, N, heads, reach]`: −∞ where masked."""
    capacity = cache.shape[2]
    reach = capacity if not cache.is_cpu else min(_whole(int(count[0, 0]) + 1), capacity)
    place = torch.arange(reach, device=cache.device)
    visible = (place >= begin.unsqueeze(-1)) & (place <= count.unsqueeze(-1))
    slopes = constant(SLOPES, cache).unsqueeze(-1)
    return torch.where(visible.unsqueeze(2), (place - count[0, 0]) * slopes, -torch.inf)


def _life_bias(carry: Tensor, dtype: torch.dtype) -> Tensor:
    """Returns a lifetime's bias on scores, `[S·heads, 1, T, T]`: −∞ where masked."""
    steps = carry.shape[1]
    place = torch.arange(steps, device=carry.device)
    stretch = (carry == 0).cumsum(1)
    visible = (stretch.unsqueeze(2) == stretch.unsqueeze(1)) & (place <= place.unsqueeze(1))
    slopes = constant(SLOPES, carry.to(dtype)).view(-1, 1, 1)
    bias = torch.where(visible.unsqueeze(1), (place - place.unsqueeze(1)) * slopes, -torch.inf)
    return bias.view(-1, 1, steps, steps)
