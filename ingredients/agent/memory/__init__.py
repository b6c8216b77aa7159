"""Memories, each one tensor program for a stack (`protocol`).

`recurrence` (shared), `gru`, `fast_weights`, `lstm`, `memoryless`, `window`, `transformer`, the user's (`own_module`,
`own_contract`, `own`). For CPU and GPU: `gru_loops`, `gru_triton`, `fast_weights_loops`, `fast_weights_triton`,
`lstm_triton`.
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
    """Returns the memory `kind`, ours or the user's `package.module:Class`.

    `window` is at most the horizon T, which sets a GRU's time constants; `quick`: see `Gru`.

    Raises:
        StudyError: the user's class is missing or breaks its contract.
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
    """Returns a sentence that the user should read before training, or None.

    Raises:
        StudyError: as for `make_memory`.
    """
    memory = make_memory(kind, inputs, hidden, window=1, horizon=1)
    return memory.notice if isinstance(memory, Own) else None
