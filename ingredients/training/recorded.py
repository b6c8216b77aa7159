"""Programs of many small operations replayed as CUDA graphs (docs/gpu.md)."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

import torch

Result = TypeVar("Result")


class Recorder(Protocol):
    """Makes recordings on one device."""

    def run(self, function: Callable[[], Result]) -> Result:
        """Calls a function unrecorded, in the recording's stream."""
        ...

    def record(self, function: Callable[[], Result]) -> tuple[Result, Callable[[], None]]:
        """Returns a function's result tensors, uncomputed, and the replay that fills them."""
        ...


class CudaRecorder:
    """CUDA graphs with shared memory: results live until the next replay."""

    def __init__(self, device: torch.device) -> None:
        """Takes a stream; frees memory of unused recordings."""
        gc.collect()
        torch.cuda.empty_cache()
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()

    def run(self, function: Callable[[], Result]) -> Result:
        """Calls it on the recording stream."""
        here = torch.cuda.current_stream(self._stream.device)
        self._stream.wait_stream(here)
        with torch.cuda.stream(self._stream):
            result = function()
        here.wait_stream(self._stream)
        return result

    def record(self, function: Callable[[], Result]) -> tuple[Result, Callable[[], None]]:
        """Records it.

        Raises:
            RuntimeError: it needs a number on the CPU.
        """
        graph = torch.cuda.CUDAGraph()
        # other threads may go on meanwhile, such as the one that draws
        with (
            _no_collection(),
            torch.cuda.graph(graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"),
        ):
            result = function()
        return result, graph.replay


@contextmanager
def _no_collection() -> Iterator[None]:
    """Disables garbage collection: freeing older recordings would break the current one."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


class Program(Generic[Result]):
    """A function recorded at its second call, and replayed afterwards."""

    def __init__(self, function: Callable[[], Result], recorder: Recorder, complain: Callable[[str], None]) -> None:
        """Stores a function on tensors at fixed places; `complain` hears if it cannot be recorded."""
        self._function, self._recorder, self._complain = function, recorder, complain
        self._calls = 0
        self._recording: tuple[Result, Callable[[], None]] | None = None

    @property
    def is_recorded(self) -> bool:
        """Whether calls replay a recording."""
        return self._recording is not None

    def __call__(self) -> Result:
        """Returns the results, once recorded always in the same tensors."""
        self._calls += 1
        if self._calls == 2:
            self._recording = self._recorded()
        if self._recording is None:
            return self._recorder.run(self._function)
        result, play = self._recording
        play()
        return result

    def _recorded(self) -> tuple[Result, Callable[[], None]] | None:
        try:
            return self._recorder.record(self._function)
        except RuntimeError as error:
            self._complain(str(error).strip().splitlines()[0])
            return None
