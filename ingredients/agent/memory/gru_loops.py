"""The equations of `gru` as compiled loops for float32 on a CPU.

Passes take few flat arrays of M = N · H numbers.
"""

from __future__ import annotations

import numpy as np

from ingredients.agent.compiled import ONE, ZERO, Floats, add_to, compiled, inlined, of_run, sigmoid, tanh


@compiled
def step(
    weights: tuple[Floats, Floats], rows: tuple[int, int], carry: Floats, x: Floats, state: Floats, after: Floats
) -> None:
    """Writes h_t into `after` `[S, N, H]`, as `state` (h_{t-1}).

    Run s has input weights `[3, F, H]` and recurrent ones `[3, H, H]` from `rows` · s on; `carry` is `[S, N]` or
    `[S, 1]`.
    """
    runs, lanes, features = x.shape
    size = state.shape[2]
    before, n = np.empty((lanes, size), np.float32), np.empty((lanes, size), np.float32)
    enters, held = np.empty((2, lanes, size), np.float32), np.empty((lanes, size), np.float32)
    for s in range(runs):
        w_input = of_run(weights[0], rows[0], s, (3, features, size))
        w_hidden = of_run(weights[1], rows[1], s, (3, size, size))
        _scale(before.reshape(-1), state[s].reshape(-1), carry[s])
        for gate in range(2):
            np.dot(x[s], w_input[gate], enters[gate])
            np.dot(before, w_hidden[gate], held)
            _gate(enters[gate].reshape(-1), held.reshape(-1))
        np.dot(x[s], w_input[2], n)
        np.dot(before, w_hidden[2], held)
        _candidate(n.reshape(-1), enters[0].reshape(-1), held.reshape(-1))
        _mix(after[s].reshape(-1), n.reshape(-1), enters[1].reshape(-1), before.reshape(-1))


@compiled
def unroll(
    weights: tuple[Floats, Floats],
    rows: tuple[int, int],
    met: tuple[Floats, Floats, Floats],
    tape: tuple[Floats, Floats, Floats],
) -> None:
    """Writes the tape of whole lifetimes; `weights` and `rows` are as for `step`.

    `met` is carry `[S, T, N]` or `[S, T, 1]`, inputs, initial states `[S, N, H]`; `tape` h_t `[S, T, M]`; r, z, n
    `[S, 3, T, M]`; U_n h `[S, T, M]`.
    """
    (carry, x, start), (states, gates, held) = met, tape
    runs, steps, lanes, features = x.shape
    size = start.shape[2]
    before, sums = np.empty((lanes, size), np.float32), np.empty((2, lanes, size), np.float32)
    for s in range(runs):
        w_input = of_run(weights[0], rows[0], s, (3, features, size))
        w_hidden = of_run(weights[1], rows[1], s, (3, size, size))
        for gate in range(3):
            np.dot(x[s].reshape(-1, features), w_input[gate], gates[s, gate].reshape(-1, size))
        last = start[s].reshape(-1)
        for t in range(steps):
            r, z, n, holds = gates[s, 0, t], gates[s, 1, t], gates[s, 2, t], held[s, t]
            _scale(before.reshape(-1), last, carry[s, t])
            np.dot(before, w_hidden[0], sums[0])
            np.dot(before, w_hidden[1], sums[1])
            np.dot(before, w_hidden[2], holds.reshape(lanes, size))
            _gate(r, sums[0].reshape(-1))
            _gate(z, sums[1].reshape(-1))
            _candidate(n, r, holds)
            last = states[s, t]
            _mix(last, n, z, before.reshape(-1))


@compiled
def back(
    w_back: tuple[Floats, Floats],
    met: tuple[Floats, Floats, Floats],
    tape: tuple[Floats, Floats, Floats],
    d_states: Floats,
    d_weights: tuple[Floats, Floats],
    d_x: Floats,
) -> None:
    """Writes the gradients over weights, and over inputs where `d_x` has columns.

    Args:
        w_back: transposed weights: `[S, 3, H, F]` of the input, with `d_x`'s columns alone; `[S, 3, H, H]`.
        met: as for `unroll`.
        tape: as `unroll` wrote it.
        d_states: over states, `[S, T, M]`.
        d_weights: over both weights.
        d_x: over inputs, `[S, T · N, F]`, added to.
    """
    (carry, x, start), (states, gates, held), (d_input, d_hidden) = met, tape, d_weights
    input_back, hidden_back = w_back
    runs, steps, lanes, features = x.shape
    size = start.shape[2]
    d_sums, before = np.empty((4, steps, lanes * size), np.float32), np.empty((steps, lanes * size), np.float32)
    flow, d_h = np.empty((3, lanes * size), np.float32), np.empty(lanes * size, np.float32)
    into_x = np.empty(d_x.shape[1:], np.float32)
    for s in range(runs):
        flow[:] = ZERO
        d_h[:] = ZERO
        for t in range(steps - 1, -1, -1):
            r, z, n, holds = gates[s, 0, t], gates[s, 1, t], gates[s, 2, t], held[s, t]
            later = min(t + 1, steps - 1)  # at the end nothing flows back from it
            _flow_back(d_h, d_states[s, t], flow, gates[s, 1, later], carry[s, later])
            _scale(before[t], states[s, t - 1] if t else start[s].reshape(-1), carry[s, t])
            d_r, d_z, d_holds, d_n = d_sums[0, t], d_sums[1, t], d_sums[2, t], d_sums[3, t]
            _back_n(d_n, d_h, z, n)
            _back_held(d_holds, d_n, r)
            _back_r(d_r, d_holds, holds, r)
            _back_z(d_z, d_h, before[t], n, z)
            for gate in range(3):
                np.dot(d_sums[gate, t].reshape(lanes, size), hidden_back[s, gate], flow[gate].reshape(lanes, size))
        for gate in range(3):
            entering = 3 if gate == 2 else gate  # the input enters the candidate itself, past its gate
            np.dot(before.reshape(-1, size).T, d_sums[gate].reshape(-1, size), d_hidden[s, gate])
            entered = d_sums[entering].reshape(-1, size)
            np.dot(x[s].reshape(-1, features).T, entered, d_input[s, gate])
            if into_x.size:
                np.dot(entered, input_back[s, gate], into_x)
                add_to(d_x[s].reshape(-1), into_x.reshape(-1))


@inlined
def _scale(out: Floats, of: Floats, by: Floats) -> None:
    each = out.size // by.size
    for lane in range(by.size):
        factor = by[lane]
        for i in range(lane * each, (lane + 1) * each):
            out[i] = of[i] * factor


@inlined
def _gate(entered: Floats, recurrent: Floats) -> None:
    for i in range(entered.size):
        entered[i] = sigmoid(entered[i] + recurrent[i])


@inlined
def _candidate(entered: Floats, r: Floats, held: Floats) -> None:
    for i in range(entered.size):
        entered[i] = tanh(entered[i] + r[i] * held[i])


@inlined
def _mix(h: Floats, n: Floats, z: Floats, before: Floats) -> None:
    for i in range(h.size):
        h[i] = n[i] + z[i] * (before[i] - n[i])


@inlined
def _flow_back(d_h: Floats, d_state: Floats, flow: Floats, z_later: Floats, carry_later: Floats) -> None:
    """Adds the next step's gradient to a state's own, through gates and carry."""
    through_r, through_z, through_n = flow[0], flow[1], flow[2]
    each = d_h.size // carry_later.size
    for lane in range(carry_later.size):
        carried = carry_later[lane]
        for i in range(lane * each, (lane + 1) * each):
            flown = through_r[i] + through_z[i] + through_n[i] + d_h[i] * z_later[i]
            d_h[i] = d_state[i] + carried * flown


@inlined
def _back_n(d_n: Floats, d_h: Floats, z: Floats, n: Floats) -> None:
    for i in range(d_n.size):
        d_n[i] = d_h[i] * (ONE - z[i]) * (ONE - n[i] * n[i])


@inlined
def _back_held(d_held: Floats, d_n: Floats, r: Floats) -> None:
    for i in range(d_held.size):
        d_held[i] = d_n[i] * r[i]


@inlined
def _back_r(d_r: Floats, d_held: Floats, held: Floats, r: Floats) -> None:
    for i in range(d_r.size):
        d_r[i] = d_held[i] * held[i] * (ONE - r[i])


@inlined
def _back_z(d_z: Floats, d_h: Floats, before: Floats, n: Floats, z: Floats) -> None:
    for i in range(d_z.size):
        d_z[i] = d_h[i] * (before[i] - n[i]) * z[i] * (ONE - z[i])
