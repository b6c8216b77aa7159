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
    """Cannot be stacked: it draws random numbers."""

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the layer's output with a part of it dropped."""
        h = nn.functional.dropout(self.sees(x, h), 0.2)
        return h, h


class Branching(Recurrent):
    """Cannot be stacked: it looks at a number to decide what to compute."""

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the layer's output, turned round where its mean is above 0."""
        h = self.sees(x, h)
        if h.mean() > 0:
            h = -h
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
    """Breaks the contract: batch normalisation remembers in a buffer."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden)
        self.norm = nn.BatchNorm1d(hidden)

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the normalised output."""
        h = self.norm(self.sees(x, h))
        return h, h


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
