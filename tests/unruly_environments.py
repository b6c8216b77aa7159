"""Environments of other people's, each of which does one thing that an experiment must not notice, or must say."""

# ruff: noqa: ANN401 - what these show and take is whatever a test asks for

from __future__ import annotations

import os
import random
import tempfile
import time
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium import spaces

Answer = tuple[Any, Any, Any, Any, Any]


class Tame(gymnasium.Env[Any, Any]):
    """Six steps that pay where the choice is 1; shows two normal numbers, drawn from its own luck."""

    observation_space: spaces.Space[Any] = spaces.Box(-np.inf, np.inf, (2,), np.float32)
    action_space: spaces.Space[Any] = spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, Any]:
        """Starts."""
        super().reset(seed=seed)
        self.t, self.drawn = 0, self.np_random.standard_normal(2).astype(np.float32)
        return self.seen(), {}

    def seen(self) -> Any:
        """Returns what is shown."""
        return self.drawn

    def paid(self, action: Any) -> Any:
        """Returns the reward."""
        return float(np.asarray(action).flat[0] == 1)

    def step(self, action: Any) -> Answer:
        """Goes on."""
        self.t += 1
        self.drawn = self.np_random.standard_normal(2).astype(np.float32)
        return self.seen(), self.paid(action), self.t >= 6, False, {}


class Slow(Tame):
    """A step takes two milliseconds."""

    def step(self, action: Any) -> Answer:
        """Goes on, after a while."""
        time.sleep(0.002)
        return super().step(action)


class Busy(Tame):
    """A step computes for two milliseconds."""

    def step(self, action: Any) -> Answer:
        """Goes on, after much work."""
        until = time.process_time() + 0.002
        while time.process_time() < until:
            pass
        return super().step(action)


class Interrupted(Tame):
    """Steps are fast, and most of them wait for others' turn, as on a loaded machine."""

    def step(self, action: Any) -> Answer:
        """Goes on."""
        if self.t > 1:
            time.sleep(0.005)
        return super().step(action)


class Reused(Tame):
    """Shows the same object at every step, changed; or a copy of it. Of a row, of parts, of whole numbers, of bits."""

    def __init__(self, kind: str = "row", copy: bool = False) -> None:
        self.copy, self.kind = copy, kind
        numbers = spaces.Box(-np.inf, np.inf, (2,), np.float32)
        whole = spaces.Box(-100, 100, (2,), np.int16)
        bits = spaces.MultiBinary(2)
        by_kind: dict[str, spaces.Space[Any]] = {
            "row": numbers,
            "double": spaces.Box(-np.inf, np.inf, (2,), np.float64),
            "whole": whole,
            "bits": bits,
            "dict": spaces.Dict({"a": numbers, "b": spaces.Tuple([bits, whole])}),
            "tuple": spaces.Tuple([numbers]),
        }
        self.observation_space = by_kind[kind]
        self.buffers = {
            "row": np.zeros(2, np.float64 if kind == "double" else np.float32),
            "whole": np.zeros(2, np.int16),
            "bits": np.zeros(2, np.int8),
        }

    def seen(self) -> Any:
        """Writes into the buffers, and returns them."""
        self.buffers["row"][:] = self.drawn
        self.buffers["whole"][:] = (self.drawn * 10).clip(-100, 100)
        self.buffers["bits"][:] = self.drawn > 0
        held = {name: buffer.copy() if self.copy else buffer for name, buffer in self.buffers.items()}
        held["double"] = held["row"]
        return {
            "dict": {"a": held["row"], "b": (held["bits"], held["whole"])},
            "tuple": (held["row"],),
        }.get(self.kind, held.get(self.kind))

    def step(self, action: Any) -> Answer:
        """Writes on the action that it is given, too."""
        made = super().step(action)
        if isinstance(action, np.ndarray):
            action[...] = 0
        return made


class Lucky(Tame):
    """Draws what it shows from where `reset(seed)` does not reach."""

    def __init__(self, source: str = "space") -> None:
        self.source, self.own, self.resets = source, np.random.default_rng(), 0
        self.observation_space = spaces.Box(-1, 1, (2,), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, Any]:
        """Counts resets, and seeds numpy as many do."""
        self.resets += 1
        if self.source == "numpy seeded":
            np.random.seed(seed)
        return super().reset(seed=seed, options=options)

    def seen(self) -> Any:
        """Returns luck."""
        by_source: dict[str, Callable[[], Any]] = {
            "space": self.observation_space.sample,
            "numpy": lambda: np.random.uniform(-1, 1, 2).astype(np.float32),
            "numpy seeded": lambda: np.random.uniform(-1, 1, 2).astype(np.float32),
            "python": lambda: np.full(2, random.uniform(-1, 1), np.float32),
            "torch": lambda: (torch.rand(2) * 2 - 1).numpy(),
            "nowhere": lambda: self.own.uniform(-1, 1, 2).astype(np.float32),
            "memory": lambda: np.full(2, min(self.resets / 100, 1), np.float32),
        }
        return by_source[self.source]()


class Sized(Tame):
    """Its spaces are what its keywords say: choices, the bounds of a vector, what is seen, and how far."""

    def __init__(self, choices: int = 4, torque: float = 0.0, seen: int = 2, far: float = 1.0) -> None:
        self.action_space = spaces.Box(-torque, torque, (1,), np.float32) if torque else spaces.Discrete(choices)
        self.observation_space = spaces.Box(-far, far, (seen,), np.float32)

    def set_choices(self, choices: int) -> None:
        """Changes the space of actions."""
        self.action_space = spaces.Discrete(choices)

    hands = property(lambda self: int(self.action_space.n), set_choices)


class Wide(Tame):
    """Has bounds that mean that there are none, and refuses what is no number."""

    def __init__(self, bound: float = 1e30, kind: str = "float32") -> None:
        self.action_space = spaces.Box(-bound, bound, (2,), np.dtype(kind).type)

    def paid(self, action: Any) -> float:
        """Pays small actions."""
        if not self.action_space.contains(action) or np.abs(action).max() > 100:
            raise ValueError(f"an action of {action}")
        return 1.0


class Takes(Tame):
    """Takes apart what it is configured with."""

    def __init__(self, config: dict[str, Any], sizes: list[int]) -> None:
        self.size = config["inner"].pop("size")
        config["made"] = True
        sizes.append(sizes.pop(0) + 1)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, Any]:
        """Takes its options apart."""
        if options:
            options["goals"].pop()
        return super().reset(seed=seed, options=options)


class Meddling(Tame):
    """Changes what belongs to whoever runs it, at one moment."""

    def __init__(self, when: str = "made") -> None:
        self.when = when
        self.meddle("made")

    def meddle(self, when: str) -> None:
        """Changes folder, types, gradients, threads, luck, numpy's errors, filters."""
        if when == self.when:
            os.chdir(tempfile.gettempdir())
            torch.set_default_dtype(torch.float64)
            torch.set_grad_enabled(False)
            torch.set_num_threads(2)
            random.seed(1), np.random.seed(1), torch.manual_seed(1)
            np.seterr(all="raise")
            warnings.simplefilter("ignore")

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, Any]:
        """Meddles."""
        self.meddle("reset")
        return super().reset(seed=seed, options=options)

    def step(self, action: Any) -> Answer:
        """Meddles."""
        self.meddle("step")
        return super().step(action)

    def close(self) -> None:
        """Meddles, and fails."""
        self.meddle("close")
        raise RuntimeError("already closed")


class Unspeakable(Exception):
    """Has no text."""

    def __str__(self) -> str:
        raise ValueError("no words")

    __repr__ = __str__


class Odd(Tame):
    """Gives one thing that it should not, at the second step, or in a reset that comes after it."""

    def __init__(self, what: str = "") -> None:
        self.what, self.steps = what, 0
        self.observation_space = spaces.Dict(
            {"box": Tame.observation_space, "many": spaces.MultiDiscrete([2, 3]), "one": spaces.Discrete(3, start=2)}
        )

    def seen(self) -> Any:
        """Returns the parts."""
        return {"box": self.drawn, "one": 2, "many": np.array([1, 2])}

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, Any]:
        """Fails as `what` says."""
        made = super().reset(seed=seed, options=options)
        if self.what == "only an observation":
            return made[0]  # type: ignore[no-any-return]
        return made

    def step(self, action: Any) -> Any:
        """Fails as `what` says."""
        seen, reward, terminated, truncated, info = super().step(action)
        if self.t < 2:
            return seen, reward, terminated, truncated, info
        if self.what == "unspeakable":
            raise Unspeakable
        if self.what == "exit":
            raise SystemExit(3)
        by_what: dict[str, dict[str, Any]] = {
            "shape": {"box": np.zeros(3, np.float32)},
            "text": {"box": "near"},
            "ragged": {"box": [[1.0], [1.0, 2.0]]},
            "nan": {"box": np.array([0, np.nan])},
            "huge": {"box": np.array([0, 1e300])},
            "negative": {"one": 1},
            "fraction": {"one": 2.5},
            "beyond": {"many": np.array([1, 3])},
        }
        seen = {**seen, **by_what.get(self.what, {})}
        if self.what == "missing":
            del seen["one"]
        reward = {"none": None, "two": [1.0, 2.0], "word": "1.0", "endless": float("inf")}.get(self.what, reward)
        terminated = {"maybe": None, "nan end": float("nan")}.get(self.what, terminated)
        return (seen, reward, terminated, info) if self.what == "four" else (seen, reward, terminated, truncated, info)


class Simulated(Tame):
    """Has settings in parts of parts, as simulators have."""

    def __init__(self) -> None:
        options = SimpleNamespace(gravity=np.array([0.0, 0.0, -9.8]), timestep=0.01)
        self.model = SimpleNamespace(opt=options, masses=[1.0, 2.0])

    def seen(self) -> Any:
        """Shows two of them."""
        options = self.model.opt
        return np.array([options.gravity[2] + 100 * options.timestep, self.model.masses[1]], np.float32)
