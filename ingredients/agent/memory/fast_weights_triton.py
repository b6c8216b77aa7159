"""The table of `fast_weights` as kernels for float32 on a GPU: whole lifetimes forward and backward.

Programs hold one lane's table, whose last column is the count; v's is 1.
"""

from __future__ import annotations

from typing import Any

import torch
import triton.language as tl
from torch import Tensor
from torch.autograd.function import once_differentiable

from ingredients.agent.kernels import block, kernel

LARGEST = 64 * 64  # numbers of a table that a warp's registers hold


@kernel
def _row(at: tl.tensor, SIZE: tl.constexpr, BLOCK: tl.constexpr) -> tl.tensor:
    i = tl.arange(0, BLOCK)
    return tl.load(at + i, mask=i < SIZE, other=0.0)


@kernel
def _sums(
    table: tl.tensor, slots: tl.tensor, COLUMNS: tl.constexpr, BLOCK_C: tl.constexpr
) -> tuple[tl.tensor, tl.tensor]:
    """Returns s `[C]` and q."""
    sums = tl.sum(slots[:, None] * table, 0)
    return sums, 1.0 / (1.0 + tl.sum(tl.where(tl.arange(0, BLOCK_C) == COLUMNS - 1, sums, 0.0), 0))


@kernel
def _filed(table: tl.tensor, before: tl.tensor, facts: tl.tensor, carried: tl.tensor) -> tl.tensor:
    return tl.where(carried == 0.0, 0.0, table + before[:, None] * facts[None, :])


# W ← carry · (W + k_{t−1} v_tᵀ)    s = k_tᵀ W    q = 1 / (1 + s_C)    read = (q s_1, …, q s_{C−1}, √q)
@kernel
def _forward(
    carry: tl.tensor,
    slots: tl.tensor,
    facts: tl.tensor,
    read: tl.tensor,
    lanes: tl.tensor,
    STEPS: tl.constexpr,
    SLOTS: tl.constexpr,
    COLUMNS: tl.constexpr,
    BLOCK_J: tl.constexpr,
    BLOCK_C: tl.constexpr,
) -> None:
    """Writes readings `[S, T, N, C]`."""
    s, n, c = tl.program_id(0).to(tl.int64), tl.program_id(1), tl.arange(0, BLOCK_C)
    table, before = tl.zeros((BLOCK_J, BLOCK_C), tl.float32), tl.zeros((BLOCK_J,), tl.float32)
    for t in range(STEPS):
        at = (s * STEPS + t) * lanes + n
        carried = tl.load(carry + s * STEPS + t) * (t > 0)
        now = _row(slots + at * SLOTS, SLOTS, BLOCK_J)
        table = _filed(table, before, _row(facts + at * COLUMNS, COLUMNS, BLOCK_C), carried)
        sums, share = _sums(table, now, COLUMNS, BLOCK_C)
        shown = tl.where(c == COLUMNS - 1, tl.sqrt(share), sums * share)
        tl.store(read + at * COLUMNS + c, shown, mask=c < COLUMNS)
        before = now


# ∂s_j = q ∂read_j    ∂s_C = −q² (Σ_j ∂read_j s_j + ½ ∂read_C / √q)    ∂k_t = W ∂s + (carry_{t+1}) G_{t+1} v_{t+1}
@kernel
def _back_reading(
    carry: tl.tensor,
    slots: tl.tensor,
    facts: tl.tensor,
    d_read: tl.tensor,
    d_sums: tl.tensor,
    d_slots: tl.tensor,
    lanes: tl.tensor,
    STEPS: tl.constexpr,
    SLOTS: tl.constexpr,
    COLUMNS: tl.constexpr,
    BLOCK_J: tl.constexpr,
    BLOCK_C: tl.constexpr,
) -> None:
    """Writes ∂s `[S, T, N, C]`, and the reading's part of ∂k `[S, T, N, J]`."""
    s, n, c, j = tl.program_id(0).to(tl.int64), tl.program_id(1), tl.arange(0, BLOCK_C), tl.arange(0, BLOCK_J)
    table, before = tl.zeros((BLOCK_J, BLOCK_C), tl.float32), tl.zeros((BLOCK_J,), tl.float32)
    for t in range(STEPS):
        at = (s * STEPS + t) * lanes + n
        carried = tl.load(carry + s * STEPS + t) * (t > 0)
        now = _row(slots + at * SLOTS, SLOTS, BLOCK_J)
        table = _filed(table, before, _row(facts + at * COLUMNS, COLUMNS, BLOCK_C), carried)
        sums, share = _sums(table, now, COLUMNS, BLOCK_C)
        d = _row(d_read + at * COLUMNS, COLUMNS, BLOCK_C)
        of_share = tl.sum(tl.where(c == COLUMNS - 1, d * 0.5 / tl.sqrt(share), d * sums), 0)
        d = tl.where(c == COLUMNS - 1, -of_share * share * share, d * share)
        tl.store(d_sums + at * COLUMNS + c, d, mask=c < COLUMNS)
        tl.store(d_slots + at * SLOTS + j, tl.sum(table * d[None, :], 1), mask=j < SLOTS)
        before = now


# G_t = k_t ∂sᵀ + carry_{t+1} G_{t+1}    ∂v_t = carry_t G_tᵀ k_{t−1}
@kernel
def _back_filing(
    carry: tl.tensor,
    slots: tl.tensor,
    facts: tl.tensor,
    d_sums: tl.tensor,
    d_slots: tl.tensor,
    d_facts: tl.tensor,
    lanes: tl.tensor,
    STEPS: tl.constexpr,
    SLOTS: tl.constexpr,
    COLUMNS: tl.constexpr,
    BLOCK_J: tl.constexpr,
    BLOCK_C: tl.constexpr,
) -> None:
    """Writes ∂v `[S, T, N, C]`, and adds the storing's part to ∂k."""
    s, n, c, j = tl.program_id(0).to(tl.int64), tl.program_id(1), tl.arange(0, BLOCK_C), tl.arange(0, BLOCK_J)
    flow = tl.zeros((BLOCK_J, BLOCK_C), tl.float32)
    for back in range(STEPS):
        t = STEPS - 1 - back
        at, last = (s * STEPS + t) * lanes + n, (s * STEPS + tl.maximum(t - 1, 0)) * lanes + n
        carried = tl.load(carry + s * STEPS + t) * (t > 0)
        flow += (
            _row(slots + at * SLOTS, SLOTS, BLOCK_J)[:, None] * _row(d_sums + at * COLUMNS, COLUMNS, BLOCK_C)[None, :]
        )
        flow = tl.where(carried == 0.0, 0.0, flow)
        d_v = tl.sum(_row(slots + last * SLOTS, SLOTS, BLOCK_J)[:, None] * flow, 0)
        tl.store(d_facts + at * COLUMNS + c, d_v, mask=c < COLUMNS)
        d_k = tl.sum(flow * _row(facts + at * COLUMNS, COLUMNS, BLOCK_C)[None, :], 1)
        d_k += _row(d_slots + last * SLOTS, SLOTS, BLOCK_J)
        tl.store(d_slots + last * SLOTS + j, d_k, mask=j < SLOTS * (t > 0))


@kernel
def _step(
    carry: tl.tensor,
    before: tl.tensor,
    slots: tl.tensor,
    facts: tl.tensor,
    table: tl.tensor,
    read: tl.tensor,
    lanes: tl.tensor,
    SLOTS: tl.constexpr,
    COLUMNS: tl.constexpr,
    BLOCK_J: tl.constexpr,
    BLOCK_C: tl.constexpr,
) -> None:
    """Stores one step in the tables `[S, N, J, C]`, and writes readings `[S, N, C]`."""
    s, j, c = tl.program_id(0).to(tl.int64), tl.arange(0, BLOCK_J), tl.arange(0, BLOCK_C)
    lane = s * lanes + tl.program_id(1)
    at = table + lane * SLOTS * COLUMNS + j[:, None] * COLUMNS + c[None, :]
    inside = (j < SLOTS)[:, None] & (c < COLUMNS)[None, :]
    last, new = _row(before + lane * SLOTS, SLOTS, BLOCK_J), _row(facts + lane * COLUMNS, COLUMNS, BLOCK_C)
    held = _filed(tl.load(at, mask=inside, other=0.0), last, new, tl.load(carry + s))
    tl.store(at, held, mask=inside)
    sums, share = _sums(held, _row(slots + lane * SLOTS, SLOTS, BLOCK_J), COLUMNS, BLOCK_C)
    shown = tl.where(c == COLUMNS - 1, tl.sqrt(share), sums * share)
    tl.store(read + lane * COLUMNS + c, shown, mask=c < COLUMNS)


def fits(slots: int, columns: int) -> bool:
    """Whether one program can hold the table."""
    return block(slots) * block(columns) <= LARGEST


def read_step(carry: Tensor, before: Tensor, slots: Tensor, facts: Tensor, table: Tensor) -> Tensor:
    """Returns readings `[S, N, C]` for carry `[S]`, k_{t−1}, k_t `[S, N, J]`, v_t; updates the table."""
    assert table.is_contiguous(), table.stride()
    read, given = facts.new_empty(facts.shape), (part.contiguous() for part in (carry, before, slots, facts))
    _step[slots.shape[:2]](*given, table, read, slots.shape[1], **_sizes(slots, facts), num_warps=1)
    return read


def read_lifetimes(slots: Tensor, facts: Tensor, carry: Tensor) -> Tensor:
    """Returns differentiable readings `[S, T, N, C]` for k `[S, T, N, J]`, v `[S, T, N, C]`, carry `[S, T]`."""
    made: Tensor = _Reading.apply(slots, facts, carry)  # type: ignore[no-untyped-call]
    return made


def _sizes(slots: Tensor, facts: Tensor) -> dict[str, int]:
    size, columns = slots.shape[-1], facts.shape[-1]
    return {"SLOTS": size, "COLUMNS": columns, "BLOCK_J": block(size), "BLOCK_C": block(columns)}


class _Reading(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, slots: Tensor, facts: Tensor, carry: Tensor) -> Tensor:  # noqa: ANN401
        given = carry.contiguous(), slots.contiguous(), facts.contiguous()
        ctx.save_for_backward(*given)
        (runs, steps, lanes, _), read = slots.shape, torch.empty_like(given[2])
        _forward[(runs, lanes)](*given, read, lanes, STEPS=steps, **_sizes(slots, facts), num_warps=1)
        return read

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        carry, slots, facts = ctx.saved_tensors
        runs, steps, lanes, _ = slots.shape
        d_sums, d_slots, d_facts = torch.empty_like(facts), torch.empty_like(slots), torch.empty_like(facts)
        sizes, given = {"STEPS": steps, **_sizes(slots, facts)}, (carry, slots, facts)
        _back_reading[(runs, lanes)](*given, gradients[0].contiguous(), d_sums, d_slots, lanes, **sizes, num_warps=1)
        _back_filing[(runs, lanes)](*given, d_sums, d_slots, d_facts, lanes, **sizes, num_warps=1)
        return d_slots, d_facts, None
