"""A GRU beside a table of transitions, read backwards from a goal (table: Schlag & Schmidhuber 2018).

    k_t = softmax(E o_t)                          slot of the first label shown
    b_t¹ = softmax(E o'_t)                        slot of the last label shown: a goal, if any
    c_t = (A y_t) ∘ (B y_t), 1                    what was done and paid; y_t is the input after the observation
    W_t = W_{t−1} + k_{t−1} ⊗ c_t ⊗ k_t           the table, of order three
    n_t = n_{t−1} + k_{t−1}                       visits of each slot
    m_t⁰ = k_t W_t 1 / (1 + k_t · n_t)            what followed here
    m_tⁱ = k_t W_t b_tⁱ / (1 + k_t · n_t)         what led from here to bⁱ, for each i up to `HOPS`
    b_tⁱ⁺¹ ∝ W_t¹ b_tⁱ / (1 + n_t)                where bⁱ was reached from, largest about 1; W¹ belongs to c's 1
    h_t = GRU([m_t, x_t], h_{t−1})
    output = relu(O [h_t, m_t, x_t])              the policy need not wait for slow units

The family says how wide one label is (`labels`); several stand side by side and share E. Without labels the whole
observation is one, and b¹ is k. A search over what was seen is within reach of these equations (docs/planning.md).
One program for CPU and GPU, without kernels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from ingredients.agent.memory.fast_weights import held
from ingredients.agent.memory.gru import Gru
from ingredients.agent.memory.protocol import State

HOPS = 4
SHARP = 6.0  # a first label's weight for its own slot: nine tenths of it are filed there
NEAR = 0.05  # keeps what hardly leads there from counting in full
REACH = 16  # whole SIMD registers of steps and slots, else bits depend on a run's place in the stack
UNITS_A_SLOT = 64 // REACH
KEPT_A_STEP = 4 * HOPS + 6  # floats a lane, a step and a step before it: the tape, and the way back through a hop


class LabelColumns(NamedTuple):
    """What the observation's columns are.

    Attributes:
        size: the width of the observation, the first columns of the input.
        labels: the width of one label, or 0.
    """

    size: int = 1
    labels: int = 0


WHOLE = LabelColumns()  # one column


@dataclass(frozen=True)
class Transitions:
    """The memory: J slots and C columns, the last of which counts, both H / 4 in whole sixteens; `horizon` is T."""

    inputs: int
    hidden: int
    horizon: int
    shown: LabelColumns = WHOLE

    @property
    def slots(self) -> int:
        """Number of slots J, and width C of what is stored between two."""
        return -(-self.hidden // UNITS_A_SLOT // REACH) * REACH

    @property
    def label(self) -> int:
        """Width of one label."""
        return self.shown.labels or self.shown.size

    @property
    def read(self) -> int:
        """Width of the readings m."""
        return (HOPS + 1) * self.slots

    @property
    def gru(self) -> Gru:
        """The GRU; the constant column of its input stays last."""
        return Gru(self.read + self.inputs, self.hidden, self.horizon)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns shapes by name; the factors' last column is unused."""
        return {
            "transitions.label": (self.label, self.slots),
            "transitions.factors": (2, self.inputs - self.shown.size, self.slots),
            "transitions.output": (self.hidden + self.read + self.inputs, self.hidden),
            **self.gru.shapes(),
        }

    def initial_weights(self, draw: torch.Generator) -> dict[str, Tensor]:
        """Returns first weights: label i has slot i mod J; factors as in `fast_weights`; outputs He-uniform."""
        shapes = self.shapes()
        label = torch.empty(shapes["transitions.label"]).uniform_(-1.0, 1.0, generator=draw)
        rows = torch.arange(self.label)
        label[rows, rows % self.slots] += SHARP
        factors = _uniform(shapes["transitions.factors"], 3.0, draw)
        output = _uniform(shapes["transitions.output"], 2.0, draw)
        named = {"transitions.label": label, "transitions.factors": factors, "transitions.output": output}
        return {**named, **self.gru.initial_weights(draw)}

    def initial_state(self, runs: int, lanes: int, steps: int, like: Tensor) -> State:
        """Returns zeros: h `[S, N, H]`, k `[S, N, J]`, table `[S, N, J, C, J]`."""
        table = like.new_zeros(runs, lanes, *(self.slots,) * 3)
        return (*self.gru.initial_state(runs, lanes, steps, like), like.new_zeros(table.shape[:3]), table)

    def step(self, weights: Mapping[str, Tensor], state: State, carry_t: Tensor, x_t: Tensor) -> tuple[Tensor, State]:
        """Implements `Memory.step`; the table changes in place."""
        h, before, table = state
        slots, goals, facts = self._filed(weights, x_t)
        new = facts.unsqueeze(-1) * slots.unsqueeze(-2)
        kept = carry_t.view(-1, 1, 1, 1, 1)
        table = table.mul_(kept).addcmul_((before * carry_t)[..., None, None], new.unsqueeze(-3))
        leads = table[..., -1, :]  # from slot to slot, whatever was done
        visits = leads.sum(-1)
        rows = torch.matmul(slots.unsqueeze(-2), table.flatten(-2)).view(new.shape)
        share = 1 / (1 + (slots * visits).sum(-1, keepdim=True))
        reads = [rows.sum(-1) * share]
        for hop in range(HOPS):
            reads.append(torch.matmul(rows, goals.unsqueeze(-1)).squeeze(-1) * share)
            if hop < HOPS - 1:
                goals = _scaled(torch.matmul(leads, goals.unsqueeze(-1)).squeeze(-1), visits)
        seen = torch.cat([*reads, x_t], -1)
        h_t, _ = self.gru.step(weights, (h,), carry_t, seen)
        return _output(weights, h_t, seen), (h_t, slots, table)

    def unroll(self, weights: Mapping[str, Tensor], carry: Tensor, x: Tensor, start: State | None = None) -> Tensor:
        """Implements `Memory.unroll`: step t attends to the transitions up to it."""
        assert start is None, "a study asks only memories whose state has bounds for another start"
        runs, steps, lanes, _ = x.shape
        missing = -steps % REACH
        slots, goals, facts = (
            pad(part.transpose(1, 2), (0, 0, 0, missing)).flatten(0, 1) for part in self._filed(weights, x)
        )
        before = pad(slots, (0, 0, 1, 0))[:, :-1]
        kept = held(pad(carry, (0, missing), value=1.0)).to(x.dtype).repeat_interleave(lanes, 0)
        visits = torch.bmm(kept, before)
        here = torch.bmm(slots, before.transpose(1, 2)) * kept
        share = 1 / (1 + (slots * visits).sum(-1, keepdim=True))
        reads = [torch.bmm(here, facts) * share]
        for hop in range(HOPS):
            led = torch.bmm(goals, slots.transpose(1, 2)) * kept
            reads.append(torch.bmm(here * led, facts) * share)
            if hop < HOPS - 1:
                goals = _scaled(torch.bmm(led, before), visits)
        made = torch.cat(reads, -1)[:, :steps].view(runs, lanes, steps, -1).transpose(1, 2)
        seen = torch.cat([made, x], -1)
        return _output(weights, self.gru.unroll(weights, carry, seen), seen)

    def _filed(self, weights: Mapping[str, Tensor], x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Returns k and b¹ `[S, ..., J]`, and c `[S, ..., C]` with last column 1, for inputs `[S, ..., F]`."""
        size, label, factors = self.shown.size, weights["transitions.label"], weights["transitions.factors"]
        rows = x.flatten(1, -2)
        first, last, rest = rows[..., : self.label], rows[..., size - self.label : size], rows[..., size:]
        products = torch.bmm(rest, factors[:, 0]) * torch.bmm(rest, factors[:, 1])
        facts = torch.cat([products[..., :-1], torch.ones_like(products[..., :1])], -1)
        filed = torch.bmm(first, label).softmax(-1), torch.bmm(last, label).softmax(-1), facts
        slots, goals, facts = (part.view(*x.shape[:-1], self.slots) for part in filed)
        return slots, goals, facts

    def tape_floats(self, steps: int) -> int:
        """Implements `Memory.tape_floats`."""
        reach = steps + -steps % REACH
        wide = self.read + self.inputs + self.hidden
        return self.gru.tape_floats(steps) + KEPT_A_STEP * (reach + self.slots) + 4 * wide

    def state_floats(self, steps: int) -> int:
        """Implements `Memory.state_floats`."""
        return self.hidden + self.slots + self.slots**3


def _uniform(shape: tuple[int, ...], variance: float, draw: torch.Generator) -> Tensor:
    """Returns draws of variance / F, shape `[..., F, columns]`."""
    bound = math.sqrt(3.0 * variance / shape[-2])
    return torch.empty(shape).uniform_(-bound, bound, generator=draw)


def _scaled(led: Tensor, visits: Tensor) -> Tensor:
    """Returns shares of the visits, by slot, over about the largest."""
    share = led / (1 + visits)
    return share / (share.amax(-1, keepdim=True) + NEAR)


def _output(weights: Mapping[str, Tensor], states: Tensor, seen: Tensor) -> Tensor:
    """Returns the output `[S, ..., H]`."""
    rows = torch.cat([states, seen], -1)
    return torch.bmm(rows.flatten(1, -2), weights["transitions.output"]).relu().view(states.shape)
