"""A GRU with fast weights: a table of what followed moments similar to the present one (docs/learner.md).

    k_t = softmax(P x_t)                      which of J slots the moment belongs to
    v_t = (A x_t) ∘ (B x_t)                   the value stored, such as action times reward
    W_t = W_{t−1} + k_{t−1} v_tᵀ              the table
    c_t = c_{t−1} + k_{t−1}                   visits of each slot
    m_t = k_tᵀ W_t / (1 + k_t · c_t)          reading: mean of what followed, shrunk towards 0
    u_t = (1 + k_t · c_t)^(−½)                its uncertainty
    h_t = GRU([m_t, u_t, x_t], h_{t−1})

Schmidhuber (1992), Ba et al. (2016), Schlag et al. (2021); as linear attention: Katharopoulos et al. (2020). A
`carry_t` of 0 resets all and stores nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ingredients.agent.compiled import arrays, loops_do
from ingredients.agent.kernels import kernels_do
from ingredients.agent.memory import fast_weights_loops
from ingredients.agent.memory.gru import Gru
from ingredients.agent.memory.protocol import State

SLOT_SCALE = 3.0  # large enough to tell moments apart, small enough that all slots are written
KEPT = 4  # most floats alive per lane, step and number read or written, besides the GRU's


@dataclass(frozen=True)
class FastWeights:
    """The memory: J = H / 4 slots and C = H / 2 columns, the last a count; `horizon` is T."""

    inputs: int
    hidden: int
    horizon: int

    @property
    def slots(self) -> int:
        """Number of slots J."""
        return self.hidden // 4

    @property
    def columns(self) -> int:
        """Width C of the table and of the reading."""
        return self.hidden // 2

    @property
    def gru(self) -> Gru:
        """The GRU; the constant column of its input stays last."""
        return Gru(self.columns + self.inputs, self.hidden, self.horizon)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns shapes by name; the factors' last column is unused."""
        return {
            "fast.slot": (self.inputs, self.slots),
            "fast.factors": (2, self.inputs, self.columns),
            **self.gru.shapes(),
        }

    def initial_weights(self, draw: torch.Generator) -> dict[str, Tensor]:
        """Returns uniform weights of variance 3 / F for factors, 9 / F for slots; slot bias 0."""
        slot = _uniform((self.inputs, self.slots), SLOT_SCALE, draw)
        slot[-1] = 0.0
        factors = _uniform((2, self.inputs, self.columns), math.sqrt(3.0), draw)
        return {"fast.slot": slot, "fast.factors": factors, **self.gru.initial_weights(draw)}

    def initial_state(self, runs: int, lanes: int, steps: int, like: Tensor) -> State:
        """Returns zeros: h `[S, N, H]`, k `[S, N, J]`, table `[S, N, J, C]`."""
        table = like.new_zeros(runs, lanes, self.slots, self.columns)
        return (*self.gru.initial_state(runs, lanes, steps, like), like.new_zeros(table.shape[:-1]), table)

    def step(self, weights: Mapping[str, Tensor], state: State, carry_t: Tensor, x_t: Tensor) -> tuple[Tensor, State]:
        """Implements `Memory.step`; the table changes in place."""
        h, before, table = state
        slots, facts = _filed(weights, x_t)
        if self._by_kernels(x_t) and not torch.is_grad_enabled():
            from ingredients.agent.memory import fast_weights_triton

            read = fast_weights_triton.read_step(carry_t.expand(len(x_t), 1, 1).flatten(), before, slots, facts, table)
        elif loops_do(x_t, slots, facts):
            read = x_t.new_empty(facts.shape)
            assert before.shape == slots.shape, (before.shape, slots.shape)
            assert table.is_contiguous(), table.stride()
            carried = carry_t.expand(len(x_t), 1, 1).flatten()
            fast_weights_loops.step(*arrays(carried, before, slots, facts, table, read))
        else:
            table = table.mul_(carry_t.unsqueeze(-1)).add_((before * carry_t).unsqueeze(-1) * facts.unsqueeze(-2))
            read = _read((slots.unsqueeze(-1) * table).sum(-2))
        h_t, _ = self.gru.step(weights, (h,), carry_t, torch.cat([read, x_t], dim=-1))
        return h_t, (h_t, slots, table)

    def unroll(self, weights: Mapping[str, Tensor], carry: Tensor, x: Tensor, start: State | None = None) -> Tensor:
        """Implements `Memory.unroll`."""
        assert start is None, "a study asks only memories whose state has bounds for another start"
        slots, facts = _filed(weights, x)
        if self._by_kernels(slots.detach()):
            from ingredients.agent.memory import fast_weights_triton

            read = fast_weights_triton.read_lifetimes(slots, facts, carry)
        elif loops_do(slots.detach(), facts.detach()):
            read = _LoopedReading.apply(slots, facts, carry)  # type: ignore[no-untyped-call]
        else:
            read = _attended(slots, facts, carry)
        return self.gru.unroll(weights, carry, torch.cat([read, x], dim=-1))

    def _by_kernels(self, like: Tensor) -> bool:
        if not kernels_do(like):
            return False
        from ingredients.agent.memory import fast_weights_triton

        return fast_weights_triton.fits(self.slots, self.columns)

    def tape_floats(self, steps: int) -> int:
        """Implements `Memory.tape_floats`."""
        return self.gru.tape_floats(steps) + KEPT * (self.slots + 2 * self.columns + self.inputs)

    def state_floats(self, steps: int) -> int:
        """Implements `Memory.state_floats`."""
        return self.hidden + self.slots * (1 + self.columns)


def _uniform(shape: tuple[int, ...], deviation: float, draw: torch.Generator) -> Tensor:
    """Returns draws of variance deviation² / F, shape `[..., F, columns]`."""
    bound = deviation * math.sqrt(3.0 / shape[-2])
    return torch.empty(shape).uniform_(-bound, bound, generator=draw)


def _filed(weights: Mapping[str, Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    """Returns k `[S, ..., J]` and v `[S, ..., C]`, with last column 1, for inputs `[S, ..., F]`."""
    rows = x.reshape(x.shape[0], -1, x.shape[-1])
    factors = weights["fast.factors"]
    slots = _times(rows, weights["fast.slot"]).softmax(-1)
    products = _times(rows, factors[:, 0]) * _times(rows, factors[:, 1])
    facts = torch.cat([products[..., :-1], torch.ones_like(products[..., :1])], dim=-1)
    return slots.view(*x.shape[:-1], -1), facts.view(*x.shape[:-1], -1)


def _times(rows: Tensor, weights: Tensor) -> Tensor:
    """Returns x W, `[S, X, M]`, for rows x `[S, X, F]`."""
    if not kernels_do(rows.detach()):
        return torch.bmm(rows, weights)
    from ingredients.agent import products_triton

    return products_triton.linear(rows, weights, None)


def _read(sums: Tensor) -> Tensor:
    """Returns m and u, `[..., C]`, from sums with the count last."""
    share = 1 / (1 + sums[..., -1:])
    return torch.cat([sums[..., :-1] * share, share.sqrt()], dim=-1)


def held(carry: Tensor) -> Tensor:
    """Returns what step t holds of τ, `[S, T, T]`: no reset lies between, and a reset stores nothing."""
    life = (1 - carry).cumsum(1)
    return ((life.unsqueeze(2) == life.unsqueeze(1)) & carry.bool().unsqueeze(1)).tril()


def _attended(slots: Tensor, facts: Tensor, carry: Tensor) -> Tensor:
    """Returns readings `[S, T, N, C]`: step t attends to the value stored at τ ≤ t by k_t · k_{τ−1}."""
    runs, steps, lanes, _ = slots.shape
    k, v = (part.transpose(1, 2).flatten(0, 1) for part in (slots, facts))
    before = torch.nn.functional.pad(k, (0, 0, 1, 0))[:, :-1]
    sums = torch.bmm(torch.bmm(k, before.transpose(1, 2)) * held(carry).repeat_interleave(lanes, 0), v)
    return _read(sums).view(runs, lanes, steps, -1).transpose(1, 2)


class _LoopedReading(torch.autograd.Function):
    """The readings `[S, T, N, C]` by `fast_weights_loops`."""

    @staticmethod
    def forward(ctx: Any, slots: Tensor, facts: Tensor, carry: Tensor) -> Tensor:  # noqa: ANN401
        read = torch.empty_like(facts)
        fast_weights_loops.unroll(*arrays(carry, slots, facts, read))
        ctx.save_for_backward(slots, facts, carry)
        return read

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        slots, facts, carry = ctx.saved_tensors
        d_slots, d_facts = torch.empty_like(slots), torch.empty_like(facts)
        fast_weights_loops.back(*arrays(carry, slots, facts, gradients[0], d_slots, d_facts))
        return d_slots, d_facts, None
