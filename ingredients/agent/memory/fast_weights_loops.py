"""The table of `fast_weights` as compiled loops for float32 on a CPU."""

from __future__ import annotations

import math

import numpy as np

from ingredients.agent.compiled import HALF, ONE, ZERO, Floats, add_to, compiled, inlined


@compiled
def step(carry: Floats, before: Floats, slots: Floats, facts: Floats, table: Floats, read: Floats) -> None:
    """Stores one step in the tables `[S, N, J, C]`, in place, and writes m_t, u_t into `read` `[S, N, C]`.

    `before` is k_{t−1}, `slots` k_t, `[S, N, J]`; `facts` is v_t, `[S, N, C]`, its last column 1.
    """
    runs, lanes, _ = slots.shape
    for s in range(runs):
        for n in range(lanes):
            _file(table[s, n], before[s, n], facts[s, n], carry[s])
            _sum(table[s, n], slots[s, n], read[s, n])
            _mean(read[s, n])


@compiled
def unroll(carry: Floats, slots: Floats, facts: Floats, read: Floats) -> None:
    """Writes whole lifetimes' readings, `read` `[S, T, N, C]`.

    `slots` is k, `[S, T, N, J]`; `facts` is v, `[S, T, N, C]`.
    """
    runs, steps, lanes, size = slots.shape
    table = np.empty((size, facts.shape[3]), np.float32)
    for s in range(runs):
        for n in range(lanes):
            for t in range(steps):
                _file(table, slots[s, max(t - 1, 0), n], facts[s, t, n], carry[s, t] if t else ZERO)
                _sum(table, slots[s, t, n], read[s, t, n])
                _mean(read[s, t, n])


@compiled
def back(carry: Floats, slots: Floats, facts: Floats, d_read: Floats, d_slots: Floats, d_facts: Floats) -> None:
    """Writes the gradients over slots and facts from that over readings; shapes as in `unroll`."""
    runs, steps, lanes, size = slots.shape
    columns = facts.shape[3]
    table, d_sums = np.empty((size, columns), np.float32), np.empty((steps, columns), np.float32)
    into_slots = np.empty(size, np.float32)
    for s in range(runs):
        for n in range(lanes):
            for t in range(steps):
                _file(table, slots[s, max(t - 1, 0), n], facts[s, t, n], carry[s, t] if t else ZERO)
                _sum(table, slots[s, t, n], d_sums[t])
                _back_mean(d_sums[t], d_read[s, t, n])
                np.dot(table, d_sums[t], d_slots[s, t, n])
            table[:] = ZERO  # from here on the gradient over it
            for t in range(steps - 1, -1, -1):
                _outer(table, slots[s, t, n], d_sums[t])
                if t and carry[s, t] != ZERO:
                    _sum(table, slots[s, t - 1, n], d_facts[s, t, n])
                    np.dot(table, facts[s, t, n], into_slots)
                    add_to(d_slots[s, t - 1, n], into_slots)
                else:
                    table[:] = ZERO
                    d_facts[s, t, n] = ZERO


@inlined
def _file(table: Floats, before: Floats, facts: Floats, carry: np.float32) -> None:
    """Stores facts `[C]` under the previous moment; a carry of 0 clears the table."""
    if carry == ZERO:
        table[:] = ZERO
    else:
        _outer(table, before, facts)


@inlined
def _outer(table: Floats, slots: Floats, facts: Floats) -> None:
    for k in range(slots.size):
        row, weight = table[k], slots[k]
        for j in range(facts.size):
            row[j] += weight * facts[j]


@inlined
def _sum(table: Floats, slots: Floats, sums: Floats) -> None:
    """Writes Σ_k slots[k] · table[k] into `sums` `[C]`."""
    sums[:] = ZERO
    for k in range(slots.size):
        row, weight = table[k], slots[k]
        for j in range(sums.size):
            sums[j] += weight * row[j]


@inlined
def _mean(sums: Floats) -> None:
    """Turns sums, the count last, into their mean and its uncertainty, in place."""
    last = sums.size - 1
    share = ONE / (ONE + sums[last])
    for j in range(last):
        sums[j] *= share
    sums[last] = math.sqrt(share)


@inlined
def _back_mean(sums: Floats, d_read: Floats) -> None:
    """Turns sums into the gradient over them, in place."""
    last = sums.size - 1
    share = ONE / (ONE + sums[last])
    of_share = ZERO
    for j in range(last):
        of_share += d_read[j] * sums[j]
        sums[j] = d_read[j] * share
    of_share += d_read[last] * HALF / np.float32(math.sqrt(share))
    sums[last] = -of_share * share * share
