"""Long short-term memories, S runs in one tensor program (Hochreiter & Schmidhuber 1997; Gers et al. 2000).

    i_t = σ(W_i x_t + U_i h)    f_t = σ(W_f x_t + U_f h)    g_t = tanh(W_g x_t + U_g h)    o_t = σ(W_o x_t + U_o h)
    c_t = f_t ∘ c + i_t ∘ g_t        h_t = o_t ∘ tanh(c_t)        h, c = carry_t · (h_{t-1}, c_{t-1})

Biases are weights of the constant column; the forget gate's starts at 1 (Jozefowicz et al. 2015).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ingredients.agent.kernels import kernels_do
from ingredients.agent.memory.protocol import State
from ingredients.agent.memory.recurrence import BLOCK_STEPS, Context, WeightGradients, input_bound, of_lanes, sigmoid

I, F, G, O = GATES = range(4)  # noqa: E741 - the gates' names in every paper
KEPT = 9  # most floats alive per lane, step and unit: the tape of seven, h_t and its gradient
FORGET_BIAS = 1.0


@dataclass(frozen=True)
class Lstm:
    """The memory; the state is (h, c), the output h.

    With `quick`, input weights keep the input's variance (`recurrence.input_bound`).
    """

    inputs: int
    hidden: int
    quick: bool = False

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns shapes by name; blocks are i, f, g, o."""
        return {"lstm.input": (4, self.inputs, self.hidden), "lstm.hidden": (4, self.hidden, self.hidden)}

    def initial_weights(self, draw: torch.Generator) -> dict[str, Tensor]:
        """Returns first weights: uniform input, orthogonal recurrence, biases 0 but f's 1."""
        bound = input_bound(self.inputs, self.hidden, self.quick)
        from_input = torch.empty(4, self.inputs, self.hidden).uniform_(-bound, bound, generator=draw)
        from_input[:, -1] = 0.0
        from_input[F, -1] = FORGET_BIAS
        square = (self.hidden, self.hidden)
        blocks = [torch.nn.init.orthogonal_(torch.empty(square), generator=draw) for _ in GATES]
        return {"lstm.input": from_input, "lstm.hidden": torch.stack(blocks)}

    def initial_state(self, runs: int, lanes: int, steps: int, like: Tensor) -> State:
        """Returns zeros (h, c), each `[S, N, H]`."""
        shape = (runs, lanes, self.hidden)
        return like.new_zeros(shape), like.new_zeros(shape)

    def step(self, weights: Mapping[str, Tensor], state: State, carry_t: Tensor, x_t: Tensor) -> tuple[Tensor, State]:
        """Implements `Memory.step`."""
        w_input, w_hidden = weights["lstm.input"], weights["lstm.hidden"]
        if kernels_do(x_t, state[0], w_input) and carry_t.shape[1] == 1 and not torch.is_grad_enabled():
            from ingredients.agent.memory import lstm_triton

            if lstm_triton.fits(self.inputs, self.hidden):
                carried = carry_t.expand(len(x_t), 1, 1).flatten(1)
                started = (state[0], state[1])
                shown, cells = lstm_triton.outputs(x_t.unsqueeze(1), carried, started, (w_input, w_hidden), None)
                return shown.squeeze(1), (shown.squeeze(1), cells)
        h, c = (part * carry_t for part in state)
        i, f, g, o = (torch.bmm(x_t, w_input[:, gate]).baddbmm_(h, w_hidden[:, gate]) for gate in GATES)
        held = sigmoid(f).mul_(c).addcmul_(sigmoid(i), _tanh(g))
        h_t = sigmoid(o).mul_(_tanh(held))
        return h_t, (h_t, held)

    def unroll(self, weights: Mapping[str, Tensor], carry: Tensor, x: Tensor, start: State | None = None) -> Tensor:
        """Implements `Memory.unroll`; carry may be by lane."""
        h, c = start or self.initial_state(x.shape[0], x.shape[2], x.shape[1], x)
        program = _program(x.detach(), self.hidden, carry)
        outputs: Tensor = program(x, carry, (h, c), weights["lstm.input"], weights["lstm.hidden"])
        return outputs

    def tape_floats(self, steps: int) -> int:
        """Implements `Memory.tape_floats`."""
        return KEPT * self.hidden

    def state_floats(self, steps: int) -> int:
        """Implements `Memory.state_floats`."""
        return 2 * self.hidden


def _program(x: Tensor, size: int, carry: Tensor) -> Any:  # noqa: ANN401 - torch does not type what `apply` takes
    """Returns the unroll's implementation; kernels take no carry by lane."""
    if kernels_do(x) and carry.dim() == 2:
        from ingredients.agent.memory import lstm_triton

        if lstm_triton.fits(x.shape[-1], size):
            return lstm_triton.unroll
    return _Unroll.apply


def _tanh(a: Tensor) -> Tensor:
    """Returns tanh(a) = 2σ(2a) − 1."""
    return sigmoid(a * 2.0).mul_(2.0).sub_(1.0)


class _Block(NamedTuple):
    """The tape of b steps: gates `[b, 4, S, N, H]`, others `[b, S, N, H]`.

    `before` is carry · h_{t-1}, `past` carry · c_{t-1}, `shown` tanh(c_t); block g of `gates` is σ(2a).
    """

    gates: Tensor
    before: Tensor
    past: Tensor
    shown: Tensor

    @staticmethod
    def blank(like: Tensor, steps: int, state: tuple[int, ...]) -> _Block:
        return _Block(like.new_empty(steps, 4, *state), *(like.new_empty(steps, *state) for _ in range(3)))


class _Unroll(torch.autograd.Function):
    """The unroll in torch; steps are sliced before loops, as slicing is slow."""

    @staticmethod
    def forward(
        ctx: Context[_Block], x: Tensor, carry: Tensor, start: State, w_input: Tensor, w_hidden: Tensor
    ) -> Tensor:
        runs, steps, lanes, _ = x.shape
        size = w_hidden.shape[-1]
        recurrent, entering = _scaled(w_hidden), _scaled(w_input)
        outputs = x.new_empty(runs, steps, lanes, size)
        h = start[0]  # c is written into
        c = start[1].clone()
        ones = torch.ones_like(h)
        g = torch.empty_like(h)
        carry_steps = of_lanes(carry).unsqueeze(-1).unbind(1)
        ctx.blocks = []
        for first in range(0, steps, BLOCK_STEPS):
            now = slice(first, min(first + BLOCK_STEPS, steps))
            block = _Block.blank(x, now.stop - first, h.shape)
            flat = x[:, now].reshape(runs, -1, x.shape[-1])
            entered = [torch.bmm(flat, w).view(runs, -1, lanes, size).unbind(1) for w in entering]
            views = zip(zip(*entered, strict=True), *block, outputs[:, now].unbind(1), carry_steps[now], strict=True)
            for sums_in, gates, before, past, shown, h_t, carry_t in views:
                torch.mul(h, carry_t, out=before)
                torch.mul(c, carry_t, out=past)
                i, f, doubled, o = gates.unbind(0)
                for sum_in, w, gate in zip(sums_in, recurrent, (i, f, doubled, o), strict=True):
                    torch.baddbmm(sum_in, before, w, out=gate)
                sigmoid(gates, out=gates)
                torch.lerp(ones, doubled, 2.0, out=g)  # 2σ − 1
                torch.mul(f, past, out=c).addcmul_(i, g)
                sigmoid(torch.mul(c, 2.0, out=shown), out=shown)
                torch.lerp(ones, shown, 2.0, out=shown)
                h = torch.mul(o, shown, out=h_t)
            ctx.blocks.append(block)
        ctx.save_for_backward(x, carry, w_input, w_hidden)
        return outputs

    @staticmethod
    def backward(ctx: Context[_Block], *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, carry, w_input, w_hidden = ctx.saved_tensors
        runs, steps, lanes, features = x.shape
        size = w_hidden.shape[-1]
        back = [w_hidden[:, gate].transpose(1, 2).contiguous() for gate in GATES]
        weights = WeightGradients.zeros(w_hidden, w_input)
        d_outputs, carry_steps = gradients[0].unbind(1), of_lanes(carry).unsqueeze(-1).unbind(1)
        d_h = d_outputs[-1].clone()
        flow = x.new_empty(runs, lanes, size)
        d_c = torch.zeros_like(d_h)
        d_x = torch.empty_like(x) if ctx.needs_input_grad[0] else None
        for first in reversed(range(0, steps, BLOCK_STEPS)):
            block = ctx.blocks.pop()
            slopes, of_c = _slopes(block)
            d_sums = torch.empty_like(slopes)
            at_step = list(zip(slopes.unbind(2), of_c.unbind(1), d_sums.unbind(2), block.gates[:, F], strict=True))
            for t in range(len(at_step) - 1, -1, -1):
                slope, shows, d_sum, f = at_step[t]
                d_c.addcmul_(d_h, shows)
                torch.mul(d_c, slope[:O], out=d_sum[:O])
                torch.mul(d_h, slope[O], out=d_sum[O])
                torch.bmm(d_sum[I], back[I], out=flow)
                for gate in (F, G, O):
                    flow.baddbmm_(d_sum[gate], back[gate])
                flow.mul_(carry_steps[first + t])
                d_c.mul_(f).mul_(carry_steps[first + t])
                d_h = torch.add(flow, d_outputs[first + t - 1], out=d_h) if first + t else flow
            now = slice(first, first + len(at_step))
            flat = d_sums.view(4, runs, -1, size)
            weights.add(block.before, x[:, now], flat, GATES)
            if d_x is not None:
                d_seen = flat.new_zeros(runs, flat.shape[2], features)
                for gate in GATES:
                    d_seen.baddbmm_(flat[gate], w_input[:, gate].transpose(1, 2))
                d_x[:, now] = d_seen.view(runs, -1, lanes, features)
        return d_x, None, None, torch.stack(weights.entering, 1), torch.stack(weights.hidden, 1)


def _slopes(block: _Block) -> tuple[Tensor, Tensor]:
    """Returns ∂c_t over what enters i, f, g and ∂h_t over what enters o, `[4, S, b, N, H]`; and ∂h_t over c_t."""
    i, f, doubled, o, past, shown = (part.transpose(0, 1) for part in (*block.gates.unbind(1), *block[2:]))
    slopes = i.new_empty(4, *i.shape)
    of_i, of_f, of_g, of_o = slopes
    g = doubled * 2.0
    g.sub_(1.0)
    torch.mul(i, i, out=of_i).sub_(i).mul_(g).neg_()
    torch.mul(f, f, out=of_f).sub_(f).mul_(past).neg_()
    torch.mul(g, g, out=of_g).sub_(1.0).mul_(i).neg_()
    torch.mul(o, o, out=of_o).sub_(o).mul_(shown).neg_()
    return slopes, torch.mul(shown, shown, out=g).sub_(1.0).mul_(o).neg_()


def _scaled(weights: Tensor) -> list[Tensor]:
    """Returns weights `[S, 4, ...]` by gate, g doubled to turn σ into tanh."""
    return [weights[:, gate] * 2.0 if gate == G else weights[:, gate].contiguous() for gate in GATES]
