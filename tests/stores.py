"""Small studies for stores, what a folder holds, who else is at work in it, and refusals that must be one line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from synthetic import bandit_study

from ingredients.errors import StoreError
from ingredients.study import Study

TWO_CELLS = {"reward_observation": [True], "action_observation": [True], "task_distribution": [True]}


def small_study(**changes: object) -> Study:
    """Returns the small study with whole sections replaced."""
    sections = {
        "ingredients": TWO_CELLS,
        "seeds": 2,
        "tasks": {"family": "bernoulli-bandit", "arms": 5, "episodes": 10},
        "evaluation": {"points": 3},
    }
    return bandit_study(**{**sections, **changes})


def one_line(action: Callable[[], object]) -> str:
    """Returns the text of the StoreError that an action raises, which must be one line and exit code 2."""
    with pytest.raises(StoreError) as caught:
        action()
    text = str(caught.value)
    assert "\n" not in text
    assert caught.value.exit_code == 2
    return text


def contents(folder: Path) -> dict[str, bytes]:
    """Returns every file under a folder with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def another_at_work(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """Starts a process of its own that is at work in a folder."""
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom ingredients.store import Leases\n"
        "with Leases(Path(sys.argv[1])):\n    print('at work', flush=True)\n    time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, str(directory)]
    with subprocess.Popen(command, cwd=Path(__file__).parent.parent, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            process.stdout.readline()
            yield process
        finally:
            process.kill()
