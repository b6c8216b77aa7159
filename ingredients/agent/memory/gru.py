"""Gated recurrent units, S runs in one tensor program (Cho et al. 2014, in cuDNN's form).

    r_t = σ(W_r x_t + U_r h)        z_t = σ(W_z x_t + U_z h)        h = carry_t · h_{t-1}
    n_t = tanh(W_n x_t + r_t ∘ U_n h)        h_t = (1 − z_t) ∘ n_t + z_t ∘ h

Biases are weights of the constant column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ingredients.agent.compiled import Floats, arrays, flat_rows, loops_do
from ingredients.agent.kernels import kernels_do
from ingredients.agent.memory import gru_loops
from ingredients.agent.memory.protocol import State
from ingredients.agent.memory.recurrence import BLOCK_STEPS, Context, WeightGradients, input_bound, of_lanes, sigmoid

KEPT = 7  # most floats alive per lane, step and unit: the tape of five or six, and the gradient over h_t
R, Z, N = range(3)
AT_ONCE = -2.0  # bias of z at which a unit keeps an eighth of its state


@dataclass(frozen=True)
class Gru:
    """The memory; the state h is also the output.

    Attributes:
        horizon: T. Unit i first keeps its state for τ_i ~ U(1, T − 1) steps: z_i has bias log τ_i ("chrono", Tallec &
            Ollivier 2018).
        quick: half of the units first forget at once, and input weights keep the input's variance
            (`recurrence.input_bound`), as Pendulum needs.
    """

    inputs: int
    hidden: int
    horizon: int
    quick: bool = False

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns shapes by name; blocks are r, z, n."""
        return {"gru.input": (3, self.inputs, self.hidden), "gru.hidden": (3, self.hidden, self.hidden)}

    def initial_weights(self, draw: torch.Generator) -> dict[str, Tensor]:
        """Returns first weights: uniform input, orthogonal recurrence, biases 0 but z's."""
        bound = input_bound(self.inputs, self.hidden, self.quick)
        from_input = torch.empty(3, self.inputs, self.hidden).uniform_(-bound, bound, generator=draw)
        from_input[:, -1] = 0.0
        slowest = max(self.horizon - 1.0, 1.0)
        from_input[Z, -1] = torch.empty(self.hidden).uniform_(1.0, slowest, generator=draw).log_()
        if self.quick:
            from_input[Z, -1, : self.hidden // 2] = AT_ONCE
        square = (self.hidden, self.hidden)
        blocks = [torch.nn.init.orthogonal_(torch.empty(square), generator=draw) for _ in range(3)]
        return {"gru.input": from_input, "gru.hidden": torch.stack(blocks)}

    def initial_state(self, runs: int, lanes: int, steps: int, like: Tensor) -> State:
        """Returns zeros `[S, N, H]`."""
        return (like.new_zeros(runs, lanes, self.hidden),)

    def step(self, weights: Mapping[str, Tensor], state: State, carry_t: Tensor, x_t: Tensor) -> tuple[Tensor, State]:
        """Implements `Memory.step`; carry may be by lane."""
        w_input, w_hidden = weights["gru.input"], weights["gru.hidden"]
        if kernels_do(x_t, state[0], w_input) and carry_t.shape[1] == 1 and not torch.is_grad_enabled():
            from ingredients.agent.memory import gru_triton

            if gru_triton.fits(self.inputs, self.hidden):
                carried = carry_t.expand(len(x_t), 1, 1).flatten(1)
                after = gru_triton.states(x_t.unsqueeze(1), carried, state[0], (w_input, w_hidden), None).squeeze(1)
                return after, (after,)
        if loops_do(x_t, w_input, w_hidden):
            after = x_t.new_empty(*x_t.shape[:2], self.hidden)
            assert state[0].shape == after.shape, (state[0].shape, after.shape)
            carried = carry_t.expand(len(x_t), -1, 1).flatten(1)
            gru_loops.step(*_flat(w_input, w_hidden), *arrays(carried, x_t, state[0], after))
            return after, (after,)
        before = state[0] * carry_t
        r, z = (sigmoid(torch.bmm(x_t, w_input[:, gate]).baddbmm_(before, w_hidden[:, gate])) for gate in (R, Z))
        held = torch.bmm(before, w_hidden[:, N])
        n = torch.addcmul(torch.bmm(x_t, w_input[:, N]), r, held)
        h_t = torch.lerp(sigmoid(n.mul_(2.0)).mul_(2.0).sub_(1.0), before, z)
        return h_t, (h_t,)

    def unroll(self, weights: Mapping[str, Tensor], carry: Tensor, x: Tensor, start: State | None = None) -> Tensor:
        """Implements `Memory.unroll`; carry may be by lane."""
        (h,) = start or self.initial_state(x.shape[0], x.shape[2], x.shape[1], x)
        program = _program(x.detach(), self.hidden, carry)
        states: Tensor = program(x, carry, h, weights["gru.input"], weights["gru.hidden"])
        return states

    def tape_floats(self, steps: int) -> int:
        """Implements `Memory.tape_floats`."""
        return KEPT * self.hidden

    def state_floats(self, steps: int) -> int:
        """Implements `Memory.state_floats`."""
        return self.hidden


def _program(x: Tensor, size: int, carry: Tensor) -> Any:  # noqa: ANN401 - torch does not type what `apply` takes
    """Returns the unroll's implementation; kernels take no carry by lane."""
    if kernels_do(x) and carry.dim() == 2:
        from ingredients.agent.memory import gru_triton

        if gru_triton.fits(x.shape[-1], size):
            return gru_triton.unroll
    return _LoopedUnroll.apply if loops_do(x) else _Unroll.apply


def _flat(w_input: Tensor, w_hidden: Tensor) -> tuple[tuple[Floats, Floats], tuple[int, int]]:
    (entering, entering_row), (recurrent, recurrent_row) = flat_rows(w_input), flat_rows(w_hidden)
    return (entering, recurrent), (entering_row, recurrent_row)


class _LoopedUnroll(torch.autograd.Function):
    """The unroll by `gru_loops`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, carry: Tensor, h: Tensor, w_input: Tensor, w_hidden: Tensor) -> Tensor:  # noqa: ANN401
        runs, steps, lanes, _ = x.shape
        size = w_hidden.shape[-1]
        assert h.shape == (runs, lanes, size), h.shape
        carry = of_lanes(carry)
        assert carry.shape in ((runs, steps, 1), (runs, steps, lanes)), carry.shape
        states, held = (x.new_empty(runs, steps, lanes * size) for _ in range(2))
        wrote, gates, holds = arrays(states, x.new_empty(runs, 3, steps, lanes * size), held)
        carried, inputs, start = arrays(carry, x, h)
        ctx.met, ctx.tape = (carried, inputs, start), (wrote, gates, holds)
        gru_loops.unroll(*_flat(w_input, w_hidden), ctx.met, ctx.tape)
        ctx.save_for_backward(w_input, w_hidden)
        return states.view(runs, steps, lanes, size)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        w_input, w_hidden = ctx.saved_tensors
        runs, steps, lanes, features = ctx.met[1].shape
        asked = w_input[:, :, : features if ctx.needs_input_grad[0] else 0]
        d_x = w_input.new_zeros(runs, steps * lanes, asked.shape[2])
        d_input, d_hidden = (w.new_empty(w.shape) for w in (w_input, w_hidden))
        input_back, hidden_back, d_states, into_input, into_hidden, into_x = arrays(
            *(w.transpose(2, 3) for w in (asked, w_hidden)), gradients[0].flatten(2), d_input, d_hidden, d_x
        )
        weights_back, into_weights = (input_back, hidden_back), (into_input, into_hidden)
        gru_loops.back(weights_back, ctx.met, ctx.tape, d_states, into_weights, into_x)
        return d_x.view(ctx.met[1].shape) if d_x.numel() else None, None, None, d_input, d_hidden


class _Block(NamedTuple):
    """The tape of b steps: gates r, z `[b, 2, S, N, H]`, others `[b, S, N, H]`.

    `before` is carry · h_{t-1}; `held` is 2 U_n before.
    """

    gates: Tensor
    before: Tensor
    held: Tensor
    n: Tensor

    @staticmethod
    def blank(like: Tensor, steps: int, state: tuple[int, ...]) -> _Block:
        return _Block(like.new_empty(steps, 2, *state), *(like.new_empty(steps, *state) for _ in range(3)))


class _Unroll(torch.autograd.Function):
    """The unroll in torch; steps are sliced before loops, as slicing is slow."""

    @staticmethod
    def forward(ctx: Context[_Block], x: Tensor, carry: Tensor, h: Tensor, w_input: Tensor, w_hidden: Tensor) -> Tensor:
        runs, steps, lanes, _ = x.shape
        size = w_hidden.shape[-1]
        recurrent, entering = _scaled(w_hidden), _scaled(w_input)
        states = x.new_empty(runs, steps, lanes, size)
        ones = torch.ones_like(h)
        carry_steps = of_lanes(carry).unsqueeze(-1).unbind(1)
        ctx.blocks = []
        for first in range(0, steps, BLOCK_STEPS):
            now = slice(first, min(first + BLOCK_STEPS, steps))
            block = _Block.blank(x, now.stop - first, h.shape)
            flat = x[:, now].reshape(runs, -1, x.shape[-1])
            entered = [torch.bmm(flat, w).view(runs, -1, lanes, size).unbind(1) for w in entering]
            views = zip(*entered, *block, states[:, now].unbind(1), carry_steps[now], strict=True)
            for r_in, z_in, n_in, gates, before, held, n, h_t, carry_t in views:
                r, z = gates.unbind(0)
                torch.mul(h, carry_t, out=before)
                torch.baddbmm(r_in, before, recurrent[R], out=r)
                torch.baddbmm(z_in, before, recurrent[Z], out=z)
                torch.bmm(before, recurrent[N], out=held)
                sigmoid(gates, out=gates)
                sigmoid(torch.addcmul(n_in, r, held, out=n), out=n)
                torch.lerp(ones, n, 2.0, out=n)  # 2σ − 1
                h = torch.lerp(n, before, z, out=h_t)
            ctx.blocks.append(block)
        ctx.save_for_backward(x, carry, w_input, w_hidden)
        return states

    @staticmethod
    def backward(ctx: Context[_Block], *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, carry, w_input, w_hidden = ctx.saved_tensors
        runs, steps, lanes, features = x.shape
        size = w_hidden.shape[-1]
        back = [w_hidden[:, gate].transpose(1, 2).contiguous() for gate in (R, Z, N)]
        weights = WeightGradients.zeros(w_hidden, w_input)
        d_states, carry_steps = gradients[0].unbind(1), of_lanes(carry).unsqueeze(-1).unbind(1)
        d_h = d_states[-1].clone()
        flow = x.new_empty(runs, lanes, size)
        d_x = torch.empty_like(x) if ctx.needs_input_grad[0] else None
        for first in reversed(range(0, steps, BLOCK_STEPS)):
            block = ctx.blocks.pop()
            slopes = _slopes(block)
            d_sums = torch.empty_like(slopes)
            at_step = list(zip(slopes.unbind(2), d_sums.unbind(2), block.gates[:, Z], strict=True))
            for t in range(len(at_step) - 1, -1, -1):
                slope, d_sum, z = at_step[t]
                torch.mul(d_h, slope, out=d_sum)
                torch.bmm(d_sum[R], back[R], out=flow)
                flow.baddbmm_(d_sum[Z], back[Z]).baddbmm_(d_sum[N], back[N])
                flow.addcmul_(d_h, z).mul_(carry_steps[first + t])
                d_h = torch.add(flow, d_states[first + t - 1], out=d_h) if first + t else flow
            now = slice(first, first + len(at_step))
            flat = d_sums.view(4, runs, -1, size)
            weights.add(block.before, x[:, now], flat, _ENTERS)
            if d_x is not None:
                into = [torch.bmm(flat[_ENTERS[gate]], w_input[:, gate].transpose(1, 2)) for gate in (R, Z, N)]
                d_x[:, now] = torch.stack(into).sum(0).view(runs, -1, lanes, features)
        return d_x, None, None, torch.stack(weights.entering, 1), torch.stack(weights.hidden, 1)


_ENTERS = (0, 1, 3)  # where of `_slopes` the input's part of r, z, n enters; 2 is where U_n h does


def _slopes(block: _Block) -> Tensor:
    """Returns ∂h_t over what enters r, z, U_n h and n, `[4, S, b, N, H]`."""
    r, z, before, held, n = (part.transpose(0, 1) for part in (*block.gates.unbind(1), *block[1:]))
    slopes = r.new_empty(4, *r.shape)
    of_r, of_z, of_held, of_n = slopes
    torch.mul(n, n, out=of_n).neg_().add_(1.0)
    torch.sub(z, 1.0, out=of_z)
    of_n.mul_(of_z).neg_()
    torch.mul(of_n, r, out=of_held)
    torch.sub(r, 1.0, out=of_r).mul_(held).mul_(of_held).mul_(-0.5)
    of_z.mul_(z).mul_(before - n).neg_()
    return slopes


def _scaled(weights: Tensor) -> list[Tensor]:
    """Returns weights `[S, 3, ...]` by gate, n doubled to turn σ into tanh."""
    return [weights[:, R].contiguous(), weights[:, Z].contiguous(), weights[:, N] * 2.0]
