"""Programs of many small operations that a device repeats from a recording, as CUDA graphs.

A GPU computes a small operation sooner than Python can ask for it. Asked once and recorded, thousands of them are one
launch. The first call of a program is as if nothing were recorded: what is compiled or chosen at first use is done
there. The second is recorded, and all from there on repeat that: they read and write the same places.
"""

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
        """Calls a function as it is, where recordings are made, too."""
        ...

    def record(self, function: Callable[[], Result]) -> tuple[Result, Callable[[], None]]:
        """Returns where a function's results will stand, and what puts them there; the function is not yet done."""
        ...


class CudaRecorder:
    """CUDA graphs that share their memory: they are played one at a time, and results live until the next play."""

    def __init__(self, device: torch.device) -> None:
        """Takes a stream of its own, as recording asks for, and gives back what recordings nobody has any more held."""
        gc.collect()
        torch.cuda.empty_cache()
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()

    def run(self, function: Callable[[], Result]) -> Result:
        """Calls it on the stream on which it will be recorded."""
        here = torch.cuda.current_stream(self._stream.device)
        self._stream.wait_stream(here)
        with torch.cuda.stream(self._stream):
            result = function()
        here.wait_stream(self._stream)
        return result

    def record(self, function: Callable[[], Result]) -> tuple[Result, Callable[[], None]]:
        """Records it.

        Raises:
            RuntimeError: it asks for what cannot be recorded, such as a number on the CPU.
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
    """Keeps garbage where it is: an older recording that is given back breaks off the one that is being made."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


class Program(Generic[Result]):
    """A function that is recorded when it is called a second time, and repeated from then on."""

    def __init__(self, function: Callable[[], Result], recorder: Recorder, complain: Callable[[str], None]) -> None:
        """Does nothing yet.

        Args:
            function: reads and writes tensors that stay where they are.
            recorder: makes the recording.
            complain: is told in words if it cannot be made; the function is then called every time.
        """
        self._function, self._recorder, self._complain = function, recorder, complain
        self._calls = 0
        self._recording: tuple[Result, Callable[[], None]] | None = None

    @property
    def is_recorded(self) -> bool:
        """Whether calls repeat a recording."""
        return self._recording is not None

    def __call__(self) -> Result:
        """Returns the results; they stand where they stood after the last call, once there is a recording."""
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
