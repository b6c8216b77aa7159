"""Memories, one stacked tensor program each, behind one signature (`protocol.Memory`).

In reading order: `protocol` (what a memory is), `recurrence` (what recurrent ones share), `gru`, `gru_loops` and
`gru_triton` (the same, compiled for a CPU and a card), `fast_weights`, `fast_weights_loops` and `fast_weights_triton`
(a GRU beside a table), `lstm` and `lstm_triton`, `memoryless`, `window` (feedforward), `transformer` (attention),
`own_module`, `own_contract` and `own` (the user's).
"""

from __future__ import annotations

from ingredients.agent.memory.fast_weights import FastWeights
from ingredients.agent.memory.gru import Gru
from ingredients.agent.memory.lstm import Lstm
from ingredients.agent.memory.memoryless import Memoryless
from ingredients.agent.memory.own import Own, own_memory
from ingredients.agent.memory.protocol import Memory, State
from ingredients.agent.memory.transformer import Transformer
from ingredients.agent.memory.window import Window

__all__ = ["Memory", "State", "make_memory", "memory_notice"]


def make_memory(kind: str, inputs: int, hidden: int, window: int, horizon: int, quick: bool = False) -> Memory:
    """Returns the memory that a study calls `kind`: F inputs, H outputs.

    Args:
        kind: one of ours, or the user's own `package.module:Class`.
        inputs: F.
        hidden: H.
        window: how many inputs a `window` holds.
        horizon: T, the steps of a lifetime, by which a GRU chooses its first time constants; no `window` is longer.
        quick: whether its first weights are those of tasks that ask for a reaction to what is shown (`Gru.quick`).

    Raises:
        StudyError: there is no such class of the user's, or it breaks its contract (`own_contract`).
    """
    match kind:
        case "gru":
            return Gru(inputs, hidden, horizon, quick)
        case "fast-weights":
            return FastWeights(inputs, hidden, horizon)
        case "lstm":
            return Lstm(inputs, hidden, quick)
        case "transformer":
            return Transformer(inputs, hidden)
        case "window":
            return Window(inputs, hidden, min(window, horizon))  # no lifetime holds more inputs
        case "none":
            return Memoryless(inputs, hidden)
    assert ":" in kind, kind  # the study knows the kinds
    return own_memory(kind, inputs, hidden)


def memory_notice(kind: str, inputs: int, hidden: int) -> str | None:
    """Returns what the user should know of a kind of memory before it is trained, in one sentence; None if nothing.

    Raises:
        StudyError: there is no such class of the user's, or it breaks its contract.
    """
    memory = make_memory(kind, inputs, hidden, window=1, horizon=1)
    return memory.notice if isinstance(memory, Own) else None
