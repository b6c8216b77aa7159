"""Memories of a user's own, as a study names them: some that keep the contract, and some that each break it once."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Recurrent(nn.Module):
    """What most of them share: one layer on the input and the state, the state being the output."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.layer = nn.Linear(inputs + hidden, hidden)

    def initial_state(self, lanes: int) -> Tensor:
        """Returns zeros `[lanes, H]`."""
        return torch.zeros(lanes, self.hidden)

    def sees(self, x: Tensor, h: Tensor) -> Tensor:
        """Returns the layer's output."""
        return torch.tanh(self.layer(torch.cat([x, h], dim=-1)))

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the output, which is the state."""
        h = self.sees(x, h)
        return h, h


class Gated(nn.Module):
    """Can be stacked: two parts of state, one of which starts at 1, and logistic gates."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.gates = nn.Linear(inputs + hidden, 2 * hidden)
        self.layer = nn.Linear(inputs + hidden, hidden)

    def initial_state(self, lanes: int) -> tuple[Tensor, Tensor]:
        """Returns zeros and ones, `[lanes, H]` each."""
        return torch.zeros(lanes, self.hidden), torch.ones(lanes, self.hidden)

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Returns a leaky average of what is seen, gated."""
        h, c = state
        opened, kept = torch.sigmoid(self.gates(torch.cat([x, h], dim=-1))).chunk(2, dim=-1)
        c = kept * c + (1 - kept) * torch.tanh(self.layer(torch.cat([x, h], dim=-1)))
        h = opened * c
        return h, (h, c)


class TorchGru(Recurrent):
    """Cannot be stacked: `torch.func.vmap` has no rule for nn.GRU."""

    def __init__(self, inputs: int, hidden: int) -> None:
        nn.Module.__init__(self)
        self.hidden = hidden
        self.gru = nn.GRU(inputs, hidden)

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the output of one step of nn.GRU and its state."""
        output, after = self.gru(x.unsqueeze(0), h.unsqueeze(0))
        return output[0], after[0]


class Dropping(Recurrent):
    """Can be stacked: its dropout is off."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden)
        self.dropout = nn.Dropout(0.2)

    def sees(self, x: Tensor, h: Tensor) -> Tensor:
        """Returns the layer's output, with a part of it dropped in training."""
        dropped: Tensor = self.dropout(super().sees(x, h))
        return dropped


class ScalarGate(Recurrent):
    """One gate for all units: a layer of width 1, the worst for equal bits."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden)
        self.gate = nn.Linear(inputs, 1)

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Returns a mean of what was and what is seen."""
        g = torch.sigmoid(self.gate(x))
        h = g * self.sees(x, h) + (1 - g) * h
        return h, h


class Stateless(nn.Module):
    """Can be stacked: it carries nothing, so its state is empty."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.layer = nn.Linear(inputs, hidden)

    def initial_state(self, lanes: int) -> tuple[Tensor, ...]:
        """Returns nothing."""
        return ()

    def forward(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Returns the layer's output and nothing."""
        return torch.tanh(self.layer(x)), state


class StatelessBranching(Stateless):
    """Cannot be stacked, and carries nothing."""

    def forward(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Returns the layer's output, negated where the bias says so."""
        output, state = super().forward(x, state)
        return (-output if self.layer.bias[0] > 0 else output), state


class Branching(Recurrent):
    """Cannot be stacked: it looks at a number to decide what to compute."""

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the layer's output, its sign turned where it is above 0, if it is so anywhere."""
        h = self.sees(x, h)
        if (h > 0).any():
            h = torch.where(h > 0, -h, h)
        return h, h


class NoStart(nn.Module):
    """Breaks the contract: no initial state."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.layer = nn.Linear(inputs, hidden)


class LeadingDimension(Recurrent):
    """Breaks the contract: the state's first dimension is not the lane, as nn.GRU has it."""

    def initial_state(self, lanes: int) -> Tensor:
        """Returns zeros `[1, lanes, H]`."""
        return torch.zeros(1, lanes, self.hidden)


class LearnedStart(Recurrent):
    """Breaks the contract: the initial state is a weight."""

    def initial_state(self, lanes: int) -> Tensor:
        """Returns the layer's bias for every lane."""
        return self.layer.bias.expand(lanes, -1)


class Narrow(Recurrent):
    """Breaks the contract: the output has another width than H."""

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Returns half of the state."""
        h = self.sees(x, h)
        return h[:, : self.hidden // 2], h


class Growing(Recurrent):
    """Breaks the contract: the state does not keep its shape."""

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Returns a state twice as wide."""
        output = self.sees(x, h)
        return output, torch.cat([output, h], dim=-1)


class Alone(Recurrent):
    """Breaks the contract: returns no state."""

    def forward(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """Returns the output alone."""
        return self.sees(x, h)


class Normed(Recurrent):
    """Breaks the contract: batch normalisation mixes lanes, and remembers in a buffer."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden)
        self.norm = nn.BatchNorm1d(hidden)

    def sees(self, x: Tensor, h: Tensor) -> Tensor:
        """Returns the normalised output."""
        normed: Tensor = self.norm(super().sees(x, h))
        return normed


class Noting(Recurrent):
    """Breaks the contract: it remembers in a buffer."""

    calls: Tensor

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden)
        self.register_buffer("calls", torch.zeros(()))

    def sees(self, x: Tensor, h: Tensor) -> Tensor:
        """Returns the layer's output and counts the call."""
        self.calls += 1
        return super().sees(x, h)


class Centred(Recurrent):
    """Breaks the contract: it sees inputs as they differ from the mean over lanes."""

    def sees(self, x: Tensor, h: Tensor) -> Tensor:
        """Returns the layer's output for centred inputs."""
        return super().sees(x - x.mean(0), h)


class Neighbourly(Recurrent):
    """Breaks the contract: a lane's output has its neighbour's state in it."""

    def sees(self, x: Tensor, h: Tensor) -> Tensor:
        """Returns the layer's output for the neighbour's state."""
        return super().sees(x, h.roll(1, dims=0))


class Attending(Recurrent):
    """Breaks the contract: its attention takes lanes for a sequence."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden)
        self.attention = nn.MultiheadAttention(hidden, 2)

    def sees(self, x: Tensor, h: Tensor) -> Tensor:
        """Returns what each lane attends to among all lanes."""
        h = super().sees(x, h)
        attended: Tensor = self.attention(h, h, h)[0]
        return attended


class Drawing(Recurrent):
    """Breaks the contract: it draws random numbers, in evaluation mode too."""

    def sees(self, x: Tensor, h: Tensor) -> Tensor:
        """Returns the layer's output with a part of it dropped."""
        return nn.functional.dropout(super().sees(x, h), 0.2)


class Double(Recurrent):
    """Breaks the contract: weights of 64 bits."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden)
        self.double()


class DoubleOutput(Recurrent):
    """Breaks the contract: an output of 64 bits."""

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the output in double."""
        h = self.sees(x, h)
        return h.double(), h


class DoubleBuffer(Recurrent):
    """Breaks the contract: a buffer of 64 bits."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden)
        self.register_buffer("scale", torch.ones((), dtype=torch.float64))


class RandomBuffer(Recurrent):
    """Breaks the contract: a random projection that every seed would share."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden)
        self.register_buffer("projection", torch.randn(inputs, inputs))


class Frozen(Recurrent):
    """Breaks the contract: a weight that is not to be trained."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden)
        self.layer.bias.requires_grad = False


class Exiting(Recurrent):
    """Breaks the contract: it ends the process, as a script does."""

    def __init__(self, inputs: int, hidden: int) -> None:
        raise SystemExit(2)


class NoNumber(Recurrent):
    """Breaks the contract: roots of negative numbers."""

    def sees(self, x: Tensor, h: Tensor) -> Tensor:
        """Returns the root of the layer's output."""
        return super().sees(x, h).sqrt()


class Infinite(Recurrent):
    """Breaks the contract: it divides by 0."""

    def sees(self, x: Tensor, h: Tensor) -> Tensor:
        """Returns the layer's output over 0."""
        return super().sees(x, h) / 0.0


class NoGradient(Recurrent):
    """Breaks the contract: a root of 0, whose slope is infinite."""

    def sees(self, x: Tensor, h: Tensor) -> Tensor:
        """Returns the layer's output plus 0, the root of its product with 0."""
        h = super().sees(x, h)
        return h + (h * 0.0).sqrt()


class Counting(Recurrent):
    """Breaks the contract: it counts its calls."""

    calls = 0

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the output times the number of calls."""
        self.calls += 1
        h = self.sees(x, h) * self.calls
        return h, h


class Idle(Recurrent):
    """Breaks the contract: a weight that has no part in the output."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden)
        self.idle = nn.Linear(2, 2, bias=False)


class Weightless(Recurrent):
    """Breaks the contract: nothing to train."""

    def __init__(self, inputs: int, hidden: int) -> None:
        nn.Module.__init__(self)
        self.hidden = hidden


class Failing(Recurrent):
    """Breaks the contract: forward fails on real shapes."""

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Raises."""
        return super().forward(x[:, 1:], h)


class OneArgument(nn.Module):
    """Breaks the contract: it cannot be made from (inputs, hidden)."""

    def __init__(self, inputs: int) -> None:
        super().__init__()


NOT_A_MODULE = "a memory by name alone"
