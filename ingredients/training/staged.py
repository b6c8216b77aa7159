"""Evaluations on a GPU: recorded stretches, chunks of 512 lanes side by side (docs/gpu.md)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor

from ingredients.agent.network import views
from ingredients.agent.observation import Past
from ingredients.tasks import lifetime
from ingredients.training.draws import evaluating
from ingredients.training.interaction import Draws, Lanes, Play
from ingredients.training.luck import SeedDraws, blank_luck, draw_luck, seeds_of, shares, spread_draws
from ingredients.training.recorded import CudaRecorder, Program, Recorder
from ingredients.training.setup import Setup

Result = TypeVar("Result")
SHARE = 0.25  # of the free memory that the lanes of one play may take
COPIES = 6  # most copies of a lane's past at each step
_OPENED = (Lanes, Past, Play)  # dataclasses that hold tensors


class Seated(NamedTuple):
    """Lanes played together: tasks `[S, n, D]`, draws `[T, S, n, ...]`, neighbours `[S, n]`, in equal `rings`."""

    tasks: Tensor
    draws: Draws
    neighbours: Tensor
    rings: int = 1


def of_lanes_before(part: Tensor, rings: int) -> Tensor:
    """Returns `part` `[S, n, ...]` of the lane before each in its ring."""
    return _in_rings(part, rings).roll(1, dims=2).flatten(1, 2)


class _LaneRange(NamedTuple):
    """Lanes `start` to `end` of a chunk."""

    chunk: int
    start: int
    end: int

    @property
    def lanes(self) -> int:
        return self.end - self.start


class Stage:
    """A stack's fixed places on a device, and its recordings."""

    def __init__(self, setup: Setup, recorder: Recorder | None = None, most_lanes: int | None = None) -> None:
        """Records nothing yet; at most `most_lanes` of a run are side by side, else by memory."""
        self._setup = setup
        self._recorder = recorder or CudaRecorder(setup.device)
        self._most = most_lanes
        self._shares = shares(setup.runs, setup.family).to(setup.device)
        self._seeds = seeds_of(setup.runs)
        self._policy: Tensor | None = None
        self._programs: dict[Hashable, _Played] = {}
        self.notices: list[str] = []

    def weights(self, policy: Tensor) -> dict[str, Tensor]:
        """Returns a policy's weights `[S, P]` by name, at a fixed place."""
        if self._policy is None:
            self._policy = policy.clone()
        self._policy.copy_(policy)
        return views(self._policy, self._setup.agent.shapes())

    def seated(self, tasks: Tensor, chunk_lanes: int, at_once: int) -> Iterator[Seated]:
        """Yields lanes to play side by side, in the order of tasks `[S, N, D]`.

        `chunk_lanes` share a draw, `at_once` a ring.
        """
        sizes = [len(part) for part in torch.arange(tasks.shape[1]).tensor_split(-(-tasks.shape[1] // chunk_lanes))]
        first = 0
        for together in self._together(list(_places(sizes, at_once))):
            lanes = sum(place.lanes for place in together)
            part = tasks[:, first : first + lanes].to(self._setup.device)
            first += lanes
            rings = _in_rings(part, len(together))
            offset = torch.arange(0, lanes, together[0].lanes, device=part.device).unsqueeze(-1)
            neighbours = (lifetime.others(rings) + offset).flatten(1, 2)
            yield Seated(part, self._draws(together, sizes), neighbours, len(together))

    def _together(self, places: Sequence[_LaneRange]) -> Iterator[list[_LaneRange]]:
        """Yields successive equal rings, as many as have room."""
        most = self._room() if self._most is None else self._most
        for lanes, alike in groupby(places, key=lambda place: place.lanes):
            rings = list(alike)
            count = -(-len(rings) // max(most // lanes, 1))
            each = -(-len(rings) // count)
            yield from (rings[start : start + each] for start in range(0, len(rings), each))

    def _room(self) -> int:
        """Returns how many of a run's lanes fit side by side."""
        family = self._setup.family
        behind = family.observation_size + family.actions + 6
        drawn = 2 * (family.noise_size + 6)
        state = 4 * self._setup.agent.memory.state_floats(family.steps)
        lane = 4 * (family.steps * (COPIES * behind + drawn + 4 * 12) + state)
        free, _ = torch.cuda.mem_get_info(self._setup.device)
        return int(free * SHARE) // (lane * len(self._setup.runs))

    def _draws(self, together: Sequence[_LaneRange], sizes: Sequence[int]) -> Draws:
        """Returns lane ranges' draws, each from its chunk's."""
        family = self._setup.family
        purposes = evaluating(self._setup.stream)
        chunks: dict[int, SeedDraws] = {}
        for place in together:
            if place.chunk not in chunks:
                luck = blank_luck(len(self._seeds), family, sizes[place.chunk], pinned=False)
                draw_luck(self._seeds, purposes, place.chunk, luck)
                chunks[place.chunk] = luck
        cut = [[part[:, :, place.start : place.end] for part in chunks[place.chunk]] for place in together]
        whole = SeedDraws(*(torch.cat(parts, dim=2).to(self._setup.device) for parts in zip(*cut, strict=True)))
        return spread_draws(self._shares, whole)

    def play(self, key: Hashable, function: Callable[..., Result], *given: Any) -> Result:  # noqa: ANN401 - trees of tensors
        """Returns `function(*given)`, from the second time on replayed.

        `key` identifies the function and non-tensor arguments; `given` are trees of tensors.
        """
        tensors = list(_tensors(given))
        shape = (key, *(tuple(tensor.shape) for tensor in tensors))
        if shape not in self._programs:
            places = [tensor.clone(memory_format=torch.contiguous_format) for tensor in tensors]
            self._programs[shape] = _Played(function, _refilled(given, iter(places)), places, self._program)
        result: Result = self._programs[shape](tensors)
        return result

    def _program(self, function: Callable[[], Result]) -> Program[Result]:
        return Program(function, self._recorder, self._complain)

    def _complain(self, reason: str) -> None:
        if not self.notices:
            self.notices.append(
                f"evaluations cannot be recorded for the GPU and take longer; no number changes: {reason}"
            )


class _Played:
    """A function on fixed places."""

    def __init__(
        self,
        function: Callable[..., Any],
        given: tuple[Any, ...],
        places: list[Tensor],
        program: Callable[[Callable[[], Any]], Program[Any]],
    ) -> None:
        self._places, self._fresh = places, True
        self._program = program(lambda: function(*given))

    def __call__(self, tensors: list[Tensor]) -> Any:  # noqa: ANN401 - what the function returns
        """Returns the results in new storage, as replays overwrite them."""
        if not self._fresh:
            _copy(tensors, self._places)
        self._fresh = False
        made = self._program()
        results = list(_tensors(made))
        kept = [torch.empty_like(result) for result in results]
        _copy(results, kept)
        return _refilled(made, iter(kept))


def _in_rings(part: Tensor, rings: int) -> Tensor:
    """Returns `[S, rings, n / rings, ...]` from `[S, n, ...]`."""
    return part.reshape(part.shape[0], rings, -1, *part.shape[2:])


def _copy(sources: Sequence[Tensor], targets: Sequence[Tensor]) -> None:
    """Copies tensors, in one operation per type."""
    by_type: dict[torch.dtype, list[tuple[Tensor, Tensor]]] = {}
    for target, source in zip(targets, sources, strict=True):
        if target.numel():
            by_type.setdefault(target.dtype, []).append((target, source))
    for pairs in by_type.values():
        torch._foreach_copy_([target for target, _ in pairs], [source for _, source in pairs])


def _places(sizes: Sequence[int], at_once: int) -> Iterator[_LaneRange]:
    """Yields the rings of chunks, nearly equal."""
    for chunk, size in enumerate(sizes):
        for part in torch.arange(size).tensor_split(-(-size // at_once)):
            yield _LaneRange(chunk, int(part[0]), int(part[-1]) + 1)


def _tensors(tree: object) -> Iterator[Tensor]:
    """Yields the tensors of nested tuples and lanes."""
    if isinstance(tree, Tensor):
        yield tree
    elif isinstance(tree, tuple):
        for part in tree:
            yield from _tensors(part)
    elif isinstance(tree, _OPENED):
        for field in fields(tree):
            yield from _tensors(getattr(tree, field.name))


def _refilled(tree: Any, tensors: Iterator[Tensor]) -> Any:  # noqa: ANN401 - the same tree
    """Returns the tree with other tensors, in the order of `_tensors`."""
    if isinstance(tree, Tensor):
        return next(tensors)
    if isinstance(tree, tuple):
        parts = [_refilled(part, tensors) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)
    if is_dataclass(tree) and isinstance(tree, _OPENED):
        return type(tree)(**{field.name: _refilled(getattr(tree, field.name), tensors) for field in fields(tree)})
    return tree
