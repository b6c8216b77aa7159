"""Functions for an engine's workers to call: they return, tell, raise and die as real jobs do."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingredients.boundary import trail
from ingredients.errors import StoreError, StudyError
from ingredients.experiment import Progress
from ingredients.store.files import explained

if TYPE_CHECKING:  # a worker that adds two numbers loads no more than it needs
    from ingredients.grid import Stack
    from ingredients.study import Study


def add(a: int, b: int) -> int:
    """Returns a sum."""
    return a + b


def process() -> tuple[int, int]:
    """Returns which process this is and how many threads torch uses in it."""
    import torch

    return os.getpid(), torch.get_num_threads()


def variables(*names: str) -> dict[str, str | None]:
    """Returns environment variables."""
    return {name: os.environ.get(name) for name in names}


def wait_together(folder: Path, others: int) -> int:
    """Returns which process this is, once `others` have come to the folder too: only if they all run at once."""
    (folder / str(os.getpid())).touch()
    deadline = time.monotonic() + 60
    while len(list(folder.iterdir())) < others:
        assert time.monotonic() < deadline, "the others did not come"
        time.sleep(0.01)
    return os.getpid()


def tell_steps(env_steps: list[int], tell: Callable[[Progress], None]) -> str:
    """Tells each count of steps."""
    for count in env_steps:
        tell(Progress("training", count, max(env_steps), count, None))
    return "told"


def complain(text: str) -> None:
    """Raises an ordinary error."""
    raise ValueError(text)


def leave(code: int) -> None:
    """Asks the interpreter to exit."""
    sys.exit(code)


def say_and_drop_dead(text: str, code: int) -> None:
    """Ends the process without any tidying up."""
    print(text, flush=True)
    os._exit(code)


def kill_itself(name: str) -> None:
    """Ends the process by a signal."""
    os.kill(os.getpid(), getattr(signal, name))


def wait_in_a_step(seconds: float) -> None:
    """Waits in the third step of an environment of somebody else's."""
    trail.mark(3, trail.place("task seed 7; episode 2"))
    time.sleep(seconds)


def touch_nothing() -> None:
    """Reads address 0, as a bug in native code does."""
    ctypes.string_at(0)


def unpicklable() -> Any:  # noqa: ANN401 - that is the point
    """Returns what no pipe can carry."""
    return lambda: None


def sleep(seconds: float, tell: Callable[[int], None]) -> None:
    """Says which process it is, and sleeps."""
    tell(os.getpid())
    time.sleep(seconds)


def mistake(text: str) -> None:
    """Raises what a user can mend in his study."""
    raise StudyError(text)


def store(path: Path) -> None:
    """Writes a file as a result is written."""
    with explained(path, "written"):
        path.write_text("")


def peak_of(study: Study, stack: Stack) -> int:
    """Trains a stack for two updates, evaluates it, and returns this process's peak memory in bytes."""
    import torch

    from ingredients.grid_run.bench import worker_facts
    from ingredients.training.draws import evaluation_tasks
    from ingredients.training.evaluation import CHUNK_LANES, evaluate
    from ingredients.training.trainer import begin_training, prepare, train

    torch.set_num_threads(1)
    setup = prepare(study, stack.runs)
    training = begin_training(setup)
    updates = train(setup, training)
    next(updates), next(updates)
    tasks = evaluation_tasks(setup.family, CHUNK_LANES).expand(len(stack.runs), -1, -1)
    evaluate(setup, training.policy, tasks, ("memory_swap",))
    assert "sympy" not in sys.modules, "training loads SymPy, for half a second of each worker's start"
    return int(worker_facts()["peak_memory_bytes"])


def fail_at_first(folder: Path, times: int, how: str) -> int:
    """Fails as often as told, then returns which attempt this was; counts attempts by files in the folder."""
    attempt = len(list(folder.iterdir())) + 1
    (folder / str(attempt)).touch()
    if attempt > times:
        return attempt
    print(f"attempt {attempt}", flush=True)
    if how == "kill":
        kill_itself("SIGKILL")
    raise {"same": ValueError("no"), "other": ValueError(f"no {attempt}"), "mistake": StoreError("full")}[how]


def compute(seconds: float) -> str:
    """Keeps a processor busy and says nothing."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        pass
    return "computed"


def hold(megabytes: int, seconds: float) -> str:
    """Holds so much memory, all of it touched, for a while."""
    held = bytearray(b"1") * (megabytes * 1_000_000)
    time.sleep(seconds)
    return f"held {len(held) // 1_000_000} MB"
