"""A stack of gated recurrent units, S runs in one tensor program (Cho et al. 2014, in the form of cuDNN).

    r_t = σ(W_r x_t + U_r h)        z_t = σ(W_z x_t + U_z h)        h = carry_t · h_{t-1}
    n_t = tanh(W_n x_t + r_t ∘ U_n h)        h_t = (1 − z_t) ∘ n_t + z_t ∘ h

Biases are weights of the input's constant column. `carry_t` is 1 where the state is carried and 0 where it is reset
before the step; a memory that is off runs the same program with carry 0 throughout (DESIGN §2: masked, not removed).

Comes in: inputs `[S, T, N, F]` and weights `[S, ...]`. Goes out: states `[S, T, N, H]`.

`unroll` has a backward pass derived by hand. Autograd through the loop keeps some ten tensors a step and makes one
weight-gradient product a step; here a step back is one broadcast product and one `bmm`, and the weight gradients are
one product at the end.

Two facts about torch on a CPU shape the arithmetic. `tanh` of MKL is ten times slower than `sigmoid`, so tanh(a) is
computed as 2σ(2a) − 1 with the 2 folded into the weights. And `torch.sigmoid` treats blocks of 32 floats with SIMD and
the rest with a scalar loop of other rounding, so a run's bits would depend on its neighbours unless each run fills
whole blocks: `squash` sees to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

import torch
from torch import Tensor

SIMD_BLOCK = 32
BLOCK_STEPS = 8  # slopes of so many steps are computed at once: enough to pay for the calls, few enough for the cache


def parameter_shapes(inputs: int, hidden: int) -> dict[str, tuple[int, ...]]:
    """Returns the shapes of one run's weights; the columns are the blocks r, z, n."""
    return {"gru.input": (inputs, 3 * hidden), "gru.hidden": (hidden, 3 * hidden)}


def initial_weights(inputs: int, hidden: int, draw: torch.Generator) -> dict[str, Tensor]:
    """Returns one run's weights: U(±1/√H) for the input, orthogonal blocks for the recurrence, biases 0."""
    bound = hidden**-0.5
    from_input = torch.empty(inputs, 3 * hidden).uniform_(-bound, bound, generator=draw)
    from_input[-1] = 0.0
    blocks = [torch.nn.init.orthogonal_(torch.empty(hidden, hidden), generator=draw) for _ in range(3)]
    return {"gru.input": from_input, "gru.hidden": torch.cat(blocks, dim=1)}


def initial_state(runs: int, lanes: int, hidden: int, like: Tensor) -> Tensor:
    """Returns the state at a lifetime's start: zeros `[S, N, H]`."""
    return like.new_zeros(runs, lanes, hidden)


def step(weights: Mapping[str, Tensor], state: Tensor, carry_t: Tensor, x_t: Tensor) -> Tensor:
    """Returns h_t `[S, N, H]` from state `[S, N, H]`, carry `[S, 1, 1]` and input `[S, N, F]`."""
    size = state.shape[-1]
    state = state * carry_t
    from_input, from_state = torch.bmm(x_t, weights["gru.input"]), torch.bmm(state, weights["gru.hidden"])
    gates = squash(from_input[..., : 2 * size] + from_state[..., : 2 * size])
    candidate = torch.addcmul(from_input[..., 2 * size :], gates[..., :size], from_state[..., 2 * size :])
    return torch.lerp(squash(candidate.mul_(2.0)).mul_(2.0).sub_(1.0), state, gates[..., size:])


def unroll(weights: Mapping[str, Tensor], state: Tensor, carry: Tensor, x: Tensor) -> Tensor:
    """Returns the states after each step, `[S, T, N, H]`.

    Args:
        weights: as `parameter_shapes` says, each with a leading S.
        state: the state before the first step, `[S, N, H]`.
        carry: 1 or 0 for each step, `[S, T]`.
        x: inputs `[S, T, N, F]`.
    """
    states: Tensor = _Unroll.apply(x, state, carry, weights["gru.input"], weights["gru.hidden"])  # type: ignore[no-untyped-call]
    return states


def squash(x: Tensor, out: Tensor | None = None) -> Tensor:
    """Returns σ(x), `[S, ...]`, in bits that do not depend on the number of runs S."""
    if x[0].numel() % SIMD_BLOCK:
        return torch.add(torch.tanh(x * 0.5).mul_(0.5), 0.5, out=out)
    return torch.sigmoid(x, out=out)


class _Context(Protocol):
    """What torch hands from the forward pass to the backward pass."""

    saved_tensors: tuple[Tensor, ...]
    needs_input_grad: tuple[bool, ...]

    def save_for_backward(self, *tensors: Tensor) -> None: ...


class _Unroll(torch.autograd.Function):
    """The unroll with its derivative. Views of every step are cut before the loops: slicing costs as much as adding."""

    @staticmethod
    def forward(ctx: _Context, x: Tensor, state: Tensor, carry: Tensor, w_input: Tensor, w_hidden: Tensor) -> Tensor:
        runs, steps, lanes, features = x.shape
        size = state.shape[-1]
        scale = _candidate_scale(w_hidden, size)
        w_scaled = w_hidden * scale
        from_input = torch.bmm(x.reshape(runs, steps * lanes, features), w_input * scale).view(runs, steps, lanes, -1)
        states, before, held, n = (x.new_empty(runs, steps, lanes, size) for _ in range(4))
        gates = x.new_empty(runs, steps, lanes, 2 * size)
        from_state = x.new_empty(runs, lanes, 3 * size)
        state_gates, state_n = from_state[..., : 2 * size], from_state[..., 2 * size :]
        input_views = (from_input[..., : 2 * size], from_input[..., 2 * size :])
        gate_views = (gates, gates[..., :size], gates[..., size:], carry.unsqueeze(-1).unsqueeze(-1))
        h = state
        for x_gates, x_n, h_t, before_t, held_t, n_t, gates_t, r, z, carry_t in _by_step(
            *input_views, states, before, held, n, *gate_views
        ):
            torch.mul(h, carry_t, out=before_t)
            torch.bmm(before_t, w_scaled, out=from_state)
            squash(torch.add(x_gates, state_gates, out=gates_t), out=gates_t)
            squash(torch.addcmul(x_n, r, held_t.copy_(state_n), out=n_t), out=n_t).mul_(2.0).sub_(1.0)
            h = torch.lerp(n_t, before_t, z, out=h_t)
        ctx.save_for_backward(x, carry, w_input, w_hidden, gates, before, held, n)
        return states

    @staticmethod
    def backward(ctx: _Context, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, carry, w_input, w_hidden, gates, before, held, n = ctx.saved_tensors
        runs, steps, lanes, size = before.shape
        w_back = w_hidden.transpose(1, 2).contiguous()
        d_gates = x.new_empty(runs, steps, lanes, 4 * size)
        d_states, carry_steps = gradients[0].unbind(1), carry.unsqueeze(-1).unsqueeze(-1)
        d_h, flow = d_states[-1].clone(), x.new_empty(runs, lanes, size)
        for first in reversed(range(0, steps, BLOCK_STEPS)):
            block = slice(first, first + BLOCK_STEPS)
            slopes = _slopes(gates[:, block], before[:, block], held[:, block], n[:, block])
            d_block = d_gates[:, block]
            views = (*slopes, *d_block.chunk(4, -1), d_block[..., : 3 * size], gates[:, block, :, size:])
            at_step = list(_by_step(*views, carry_steps[:, block]))
            for t in range(len(at_step) - 1, -1, -1):
                s_r, s_z, s_u, s_n, d_r, d_z, d_u, d_n, d_t, z, carry_t = at_step[t]
                torch.mul(d_h, s_r, out=d_r)
                torch.mul(d_h, s_z, out=d_z)
                torch.mul(d_h, s_u, out=d_u)
                torch.mul(d_h, s_n, out=d_n)
                torch.bmm(d_t, w_back, out=flow)
                flow.addcmul_(d_h, z).mul_(carry_t)
                d_h = torch.add(flow, d_states[first + t - 1], out=d_h) if first + t else flow
        into_hidden, into_input = _by_gate(d_gates.view(runs, steps * lanes, 4 * size), size)
        x_back = x.reshape(runs, steps * lanes, -1).transpose(1, 2)
        d_hidden = torch.bmm(before.view(runs, steps * lanes, size).transpose(1, 2), into_hidden)
        d_input = torch.cat([torch.bmm(x_back, part) for part in into_input], dim=-1)
        d_x = (
            torch.bmm(torch.cat(into_input, -1), w_input.transpose(1, 2)).view_as(x)
            if ctx.needs_input_grad[0]
            else None
        )
        return d_x, d_h, None, d_input, d_hidden


def _slopes(gates: Tensor, before: Tensor, held: Tensor, n: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Returns ∂h_t over the sums that enter r, z, U_n h and n, each `[S, t, N, H]`, for a block that fits the cache.

    `held` is 2 U_n h, since the candidate's weights carry the factor that turns σ into tanh.
    """
    r, z = gates.chunk(2, dim=-1)
    of_n = (n * n).neg_().add_(1.0).mul_((z - 1.0).neg_())
    of_held = of_n * r
    of_r = (r - 1.0).mul_(held).mul_(of_held).mul_(-0.5)
    of_z = (z * z).sub_(z).mul_(n - before)
    return of_r, of_z, of_held, of_n


def _by_gate(d_gates: Tensor, size: int) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Returns the columns (r, z, U_n h) that the recurrent weights feed, and (r, z), (n) that the input feeds."""
    return d_gates[..., : 3 * size], (d_gates[..., : 2 * size], d_gates[..., 3 * size :])


def _by_step(*tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Returns the tensors' views at each step, cut along T (dimension 1)."""
    return zip(*(tensor.unbind(1) for tensor in tensors), strict=True)


def _candidate_scale(like: Tensor, size: int) -> Tensor:
    """Returns 1 for the columns of r and z and 2 for those of n, which turns σ into tanh, `[3H]`."""
    scale = like.new_ones(3 * size)
    scale[2 * size :] = 2.0
    return scale
