"""Environments made of a description: spaces, types, bounds, ends, faults, and whether one buffer is used again.

Comes in: a description, plain data as a study's `keywords` hold it; `described` draws one. Goes out: an environment.
"""

# ruff: noqa: ANN401 - what these show and take is whatever their description says

from __future__ import annotations

import os
import tempfile
from copy import deepcopy
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

FAR = {"none": float("inf"), "some": 2.0, "huge": 1e35}
FLOATS, WHOLES = ("float32", "float64"), ("int8", "int16", "uint8", "int64")
FAULTS = (
    *("nan reward", "inf reward", "no reward", "two rewards", "nan seen", "other shape", "other type", "nothing seen"),
    *("raises in reset", "raises in step", "unspeakable", "exits", "four parts", "no info", "maybe ends"),
    *(
        "goes away",
        "sets types",
        "space luck",
        "shared luck",
        "out of bounds",
        "takes its keywords",
        "fails when closed",
    ),
)


class Unspeakable(Exception):
    """Has no text."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


def space_of(told: Any) -> spaces.Space[Any]:
    """Returns the space that a description tells of."""
    kind, *rest = told
    if kind == "box":
        dtype, shape, low, high = rest
        whole = dtype in WHOLES
        info: Any = np.iinfo(dtype) if whole else None
        least, most = (max(-5, info.min), min(5, info.max)) if whole else (-FAR[low], FAR[high])
        box: Any = spaces.Box
        made: spaces.Space[Any] = box(least, most, tuple(shape), np.dtype(dtype).type)
        return made
    if kind == "discrete":
        return spaces.Discrete(rest[0], start=rest[1])
    if kind == "multi":
        return spaces.MultiDiscrete(np.array(rest[0]))
    if kind == "bits":
        return spaces.MultiBinary(rest[0])
    if kind == "dict":
        return spaces.Dict({name: space_of(part) for name, part in rest[0].items()})
    if kind == "tuple":
        return spaces.Tuple([space_of(part) for part in rest[0]])
    return spaces.Text(4)


def described(draw: np.random.Generator, fault: str | None) -> dict[str, Any]:
    """Returns a description drawn at random, with a fault or none."""
    return {
        "observation": _observed(draw, 0),
        "action": _acted(draw),
        "steps": int(draw.integers(1, 7)),
        "cut": bool(draw.random() < 0.5),
        "fault": fault,
        "always": bool(draw.random() < 0.3),
        "reused": False,
    }


def _observed(draw: np.random.Generator, depth: int) -> list[Any]:
    kind = draw.choice(["box", "box", "discrete", "multi", "bits", *(["dict", "tuple"] if depth < 2 else [])])
    if kind in ("dict", "tuple"):
        parts = [_observed(draw, depth + 1) for _ in range(draw.integers(1, 4))]
        return [str(kind), dict(zip("zab", parts, strict=False)) if kind == "dict" else parts]
    if kind == "box":
        shape = [[], [1], [3], [2, 1, 2]][draw.integers(4)]
        low, high = (str(draw.choice([*FAR])) for _ in range(2))
        return ["box", str(draw.choice([*FLOATS, *FLOATS, *WHOLES])), shape, low, high]
    return _choices(draw, str(kind))


def _choices(draw: np.random.Generator, kind: str) -> list[Any]:
    if kind == "discrete":
        return ["discrete", int(draw.integers(1, 5)), int(draw.integers(-3, 4))]
    if kind == "multi":
        return ["multi", [[2, 3], [[2], [2]], [1, 4]][draw.integers(3)]]
    return ["bits", [2, [2, 2]][draw.integers(2)]]


def _acted(draw: np.random.Generator) -> list[Any]:
    kind = draw.choice(["box", "discrete", "discrete", "multi", "bits"])
    if kind != "box":
        return _choices(draw, str(kind))
    low, high = (str(draw.choice([*FAR])) for _ in range(2))
    return ["box", str(draw.choice(FLOATS)), [[1], [2]][draw.integers(2)], low, high]


class Generated(gymnasium.Env[Any, Any]):
    """Shows samples of its space, drawn from its own luck; pays what they and the action make; breaks as told."""

    def __init__(self, told: dict[str, Any], shift: float = 0.0) -> None:
        self.shift, self.scale = shift, 1.0
        self.told = deepcopy(told)
        self.observation_space, self.action_space = space_of(told["observation"]), space_of(told["action"])
        self.source, self.held = deepcopy(self.observation_space), None
        if told["fault"] == "takes its keywords":
            told.clear()

    def broken(self, fault: str) -> bool:
        """Returns whether a fault is due: always, or now and then."""
        return bool(self.told["fault"] == fault and (self.told["always"] or self.np_random.random() < 0.1))

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, Any]:
        """Starts."""
        super().reset(seed=seed)
        self.t = 0
        self.source.seed(int(self.np_random.integers(2**31)))
        if self.broken("raises in reset"):
            raise RuntimeError("nothing\nto start with")
        return self.seen(), None if self.broken("no info") else {}

    def seen(self) -> Any:
        """Returns a sample, in a buffer that is used again if the description says so."""
        sample = self.source.sample()
        if self.broken("space luck"):
            sample = self.observation_space.sample()
        if self.told["reused"]:
            self.held = sample if self.held is None else _written(self.held, sample)
            sample = self.held
        if self.broken("nothing seen"):
            return None
        if self.broken("nan seen"):
            return _changed(sample, lambda part: np.full(np.shape(part), np.nan))
        if self.broken("other shape"):
            return _changed(sample, lambda part: np.zeros((2, 5), np.asarray(part).dtype))
        if self.broken("other type"):
            return _changed(sample, lambda part: np.full(np.shape(part), "x"))
        if self.broken("out of bounds"):
            return _changed(sample, lambda part: np.asarray(part) + 100)
        return sample

    def step(self, action: Any) -> Any:
        """Goes on."""
        if not np.isfinite(np.asarray(action, float)).all() or not self.action_space.contains(action):
            raise AssertionError(f"an action of {action!r}")
        self.t += 1
        self.meddle()
        flat = np.asarray(spaces.flatten(self.observation_space, self.source.sample()), np.float64)
        paid: Any = float(np.tanh(flat[:3].sum()) + np.tanh(np.sum(action)) + self.shift) * self.scale
        if self.broken("shared luck"):
            paid = float(np.random.random())
        odd = {"nan reward": float("nan"), "inf reward": -float("inf"), "no reward": None, "two rewards": [1.0, 2.0]}
        for fault, value in odd.items():
            if self.broken(fault):
                paid = value
        over: Any = self.t >= self.told["steps"]
        ended, cut = (False, over) if self.told["cut"] else (over, False)
        if self.broken("maybe ends"):
            ended = "perhaps"
        if isinstance(action, np.ndarray):
            action[...] = 0
        return (self.seen(), paid, ended, {}) if self.broken("four parts") else (self.seen(), paid, ended, cut, {})

    def meddle(self) -> None:
        """Fails, or changes what is not its own."""
        if self.broken("raises in step"):
            raise ValueError("step\nfailed")
        if self.broken("unspeakable"):
            raise Unspeakable
        if self.broken("exits"):
            raise SystemExit(7)
        if self.broken("goes away"):
            os.chdir(tempfile.gettempdir())
        if self.broken("sets types"):
            import torch

            torch.set_default_dtype(torch.float64)
            torch.set_grad_enabled(False)

    def close(self) -> None:
        """Closes, or fails to."""
        if self.told["fault"] == "fails when closed":
            raise OSError("closed already")


def _written(held: Any, sample: Any) -> Any:
    """Returns what is held with the numbers of a sample, in the same arrays where they are arrays."""
    if isinstance(held, dict):
        for name in held:
            held[name] = _written(held[name], sample[name])
        return held
    if isinstance(held, tuple):
        return tuple(_written(old, new) for old, new in zip(held, sample, strict=True))
    if isinstance(held, np.ndarray):
        held[...] = sample
        return held
    return sample


def _changed(sample: Any, change: Any) -> Any:
    """Returns a sample with its first part changed."""
    if isinstance(sample, dict):
        name = next(iter(sample))
        return {**sample, name: _changed(sample[name], change)}
    if isinstance(sample, tuple):
        return (_changed(sample[0], change), *sample[1:])
    return change(sample)
