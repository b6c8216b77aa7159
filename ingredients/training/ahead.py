"""Draws of rollouts to come, made by a thread while a device computes: nobody waits for them.

There are two storages. One is being read by the device while the other is drawn into; a thread draws into it again only
after the device has read it, so no more than two rollouts are on their way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Generic, TypeVar

import torch

Storage = TypeVar("Storage")
AT_ONCE = 2


class Ahead(Generic[Storage]):
    """Storages that are drawn into, one after the other, before they are asked for."""

    def __init__(
        self, draw: Callable[[int, Storage], None], storages: Sequence[Storage], indices: range, device: torch.device
    ) -> None:
        """Begins with the first ones.

        Args:
            draw: draws for an index into a storage.
            storages: as many as may be drawn at once.
            indices: what is drawn for, in turn.
            device: that reads the storages.
        """
        self._draw = draw
        self._left = iter(indices)
        self._device = device
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="draws")
        self._drawn: deque[tuple[Future[None], Storage]] = deque()
        for storage in storages:
            self._begin(storage, None)

    @contextmanager
    def next(self) -> Iterator[Storage]:
        """Gives the next storage; it is drawn into again when the device has done what it is told inside."""
        future, storage = self._drawn.popleft()
        future.result()
        yield storage
        read = None
        if self._device.type == "cuda":
            read = torch.cuda.Event()  # type: ignore[no-untyped-call]
            read.record(torch.cuda.current_stream(self._device))
        self._begin(storage, read)

    def close(self) -> None:
        """Draws no more."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _begin(self, storage: Storage, read: torch.cuda.Event | None) -> None:
        index = next(self._left, None)
        if index is not None:
            self._drawn.append((self._thread.submit(self._fill, index, storage, read), storage))

    def _fill(self, index: int, storage: Storage, read: torch.cuda.Event | None) -> None:
        if read is not None:
            read.synchronize()
        self._draw(index, storage)
