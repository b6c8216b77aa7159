"""A stored agent as a `torch.nn.Module`: forward hooks see values and may replace them.

| name | value, `[N, H]` a step |
|---|---|
| `memory.reset_gate`, `memory.update_gate`, `memory.candidate` | r, z and n of a GRU |
| `memory.input_gate`, `memory.forget_gate`, `memory.candidate`, `memory.output_gate`, `memory.cell` | of an LSTM |
| `memory.output` | the head's input |
| `head` | logits, predicted rewards, padding, `[N, P]` |
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ingredients.agent.memory import Memory, State
from ingredients.agent.memory.gru import Gru
from ingredients.agent.memory.lstm import Lstm
from ingredients.experiment.brains import Brain


class AgentModule(nn.Module):
    """An agent's memory and head; the first `actions` columns are logits (`agent.network`)."""

    def __init__(self, brain: Brain) -> None:
        """Copies the weights: training leaves the agent as it is."""
        super().__init__()
        named = {name: weight[0].detach().clone() for name, weight in brain.weights.items()}
        self.memory = _memory(brain.agent.memory, {n: w for n, w in named.items() if not n.startswith("head.")})
        self.head = HeadModule({name.removeprefix("head."): w for name, w in named.items() if name.startswith("head.")})
        self.actions, self.steps = brain.agent.layout.actions, brain.family.steps

    def initial_state(self, lanes: int) -> State:
        """Returns a lifetime's first state, parts `[N, ...]`."""
        like = self.head.weight.detach()
        return tuple(part[0] for part in self.memory.kind.initial_state(1, lanes, self.steps, like))

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Returns logits `[T, N, A]` for inputs `[T, N, F]` (`StoredAgent.inputs`), and the final state.

        Without memory, pass one step at a time: the state is carried.
        """
        state = self.initial_state(inputs.shape[1]) if state is None else state
        outputs = []
        for x_t in inputs:
            output, state = self.memory(x_t, state)
            outputs.append(self.head(output)[..., : self.actions])
        return torch.stack(outputs), state


class HeadModule(nn.Module):
    """The linear head, after the agent's hidden ReLU layer, if any."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        """Takes the weights by name."""
        super().__init__()
        for name, weight in weights.items():
            self.register_parameter(name, nn.Parameter(weight))
        self.weight: nn.Parameter

    def forward(self, output: Tensor) -> Tensor:
        """Returns `[N, P]` for the memory's output `[N, H]`."""
        if "first" in self._parameters:
            output = (output @ self.get_parameter("first") + self.get_parameter("first_bias")).relu()
        return output @ self.weight + self.get_parameter("bias")


class MemoryModule(nn.Module):
    """A memory of any kind but GRU and LSTM, without gradients."""

    def __init__(self, kind: Memory, weights: Mapping[str, Tensor]) -> None:
        """Takes the weights by full name."""
        super().__init__()
        self.kind = kind
        self._names = {name: name.replace(".", "_") for name in weights}
        for name, weight in weights.items():
            self.register_parameter(self._names[name], nn.Parameter(weight))
        self.output = nn.Identity()

    def weight(self, name: str) -> Tensor:
        """Returns a weight by its stored name."""
        return self.get_parameter(self._names[name])

    def forward(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """Returns output `[N, H]` and next state for input `[N, F]`."""
        weights = {name: self.weight(name).detach().unsqueeze(0) for name in self._names}
        before = tuple(part.detach().clone().unsqueeze(0) for part in state)
        with torch.no_grad():
            output, after = self.kind.step(weights, before, torch.ones(1, 1, 1), x_t.detach().unsqueeze(0))
        return self.output(output[0]), tuple(part[0] for part in after)


class GruModule(MemoryModule):
    """A gated recurrent unit (`agent.memory.gru`)."""

    def __init__(self, kind: Memory, weights: Mapping[str, Tensor]) -> None:
        """Takes the weights by full name."""
        super().__init__(kind, weights)
        self.reset_gate, self.update_gate, self.candidate = nn.Identity(), nn.Identity(), nn.Identity()

    def forward(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """Returns h_t `[N, H]` as output and state; gradients flow."""
        (h,) = state
        entering = torch.einsum("nf,gfh->gnh", x_t, self.weight("gru.input"))
        held = torch.einsum("nk,gkh->gnh", h, self.weight("gru.hidden"))
        r = self.reset_gate(torch.sigmoid(entering[0] + held[0]))
        z = self.update_gate(torch.sigmoid(entering[1] + held[1]))
        n = self.candidate(torch.tanh(entering[2] + r * held[2]))
        after = self.output((1 - z) * n + z * h)
        return after, (after,)


class LstmModule(MemoryModule):
    """A long short-term memory (`agent.memory.lstm`)."""

    def __init__(self, kind: Memory, weights: Mapping[str, Tensor]) -> None:
        """Takes the weights by full name."""
        super().__init__(kind, weights)
        self.input_gate, self.forget_gate, self.candidate = nn.Identity(), nn.Identity(), nn.Identity()
        self.output_gate, self.cell = nn.Identity(), nn.Identity()

    def forward(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """Returns h_t `[N, H]` and (h_t, c_t); gradients flow."""
        h, c = state
        sums = torch.einsum("nf,gfh->gnh", x_t, self.weight("lstm.input"))
        i, f, g, o = sums + torch.einsum("nk,gkh->gnh", h, self.weight("lstm.hidden"))
        kept = self.forget_gate(torch.sigmoid(f)) * c
        held = self.cell(kept + self.input_gate(torch.sigmoid(i)) * self.candidate(torch.tanh(g)))
        after = self.output(self.output_gate(torch.sigmoid(o)) * torch.tanh(held))
        return after, (after, held)


def _memory(kind: Memory, weights: Mapping[str, Tensor]) -> MemoryModule:
    if isinstance(kind, Gru):
        return GruModule(kind, weights)
    return LstmModule(kind, weights) if isinstance(kind, Lstm) else MemoryModule(kind, weights)
