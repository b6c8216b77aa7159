"""What all tests share: one torch thread in each process, as every worker has; without a card, kernels interpreted.

Which tests `make test-fast` leaves out is said here for whole folders; single tests and modules are marked `slow`.
"""

from __future__ import annotations

import functools
import gc
import os
import shutil
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
import torch
from api_results import DATA, MEMORIES
from filelock import FileLock
from typer import testing
from typer.main import get_command

import ingredients as ing

# what these folders and modules test is trained, started or drawn
SLOW_FOLDERS = {"audit", "boundary", "engine", "experiment", "grid_run", "gyms", "report", "training"}
SLOW_MODULES = {
    *("test_agent", "test_eye", "test_kernels", "test_kernels_memory", "test_memory", "test_memory_own"),
    *("test_judgement_ceilings", "test_judgement_claim", "test_judgement_conclusions", "test_judgement_doses"),
    *("test_judgement_judge", "test_judgement_known_policies", "test_judgement_leaks", "test_judgement_routes"),
    *("test_references_bernoulli_bandit", "test_references_dependent_bandits", "test_references_dynamic_programming"),
    *("test_references_gaussian", "test_references_reactive", "test_references_tabular_mdp"),
    *("test_cli", "test_console", "test_own_memory_command", "test_store", "test_store_checksums", "test_store_disk"),
    *(
        "test_analysis",
        "test_inner_agents",
        "test_api",
        "test_api_commands",
        "test_own_tasks",
        "test_packaging",
        "test_readme_commands",
    ),
    *("test_run_grid", "test_survival"),
}

if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")  # Triton reads it when it is first imported

torch.set_num_threads(1)
vars(testing)["_get_command"] = functools.cache(get_command)  # what is typed in tests is read from one set of commands


@pytest.fixture(scope="session")
def small_result(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> ing.Result:
    """Returns the results of a small study with every kind of memory, and each kind's sibling without.

    One of pytest's workers trains; the others take a copy.
    """
    from in_process import run_here

    base, folder = tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("api") / "small"
    shared = (base if worker_id == "master" else base.parent) / "small_result"
    with FileLock(shared.with_suffix(".lock")):
        if shared.exists():
            shutil.copytree(shared, folder)
        else:
            with pytest.MonkeyPatch.context() as patched:
                run_here(patched)
                ing.run_grid(ing.Study.load(DATA, MEMORIES), folder, workers=1, progress=False)
            shutil.copytree(folder, shared)
    return ing.load(folder)


@pytest.fixture
def one_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes reports draw one picture, where what is looked at is none: they take most of a report's time."""
    from in_process import draw_one_picture

    draw_one_picture(monkeypatch)


@pytest.fixture
def small_measures(monkeypatch: pytest.MonkeyPatch, one_picture: None) -> None:
    """Makes grids measure leaks on little and draw one picture, also where they run in a forked process."""
    from in_process import measure_little

    measure_little(monkeypatch)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves slow folders and modules unread where their tests are not run: reading them takes seconds."""
    return True if config.option.markexpr == "not slow" and is_slow(collection_path) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests of slow folders and modules, and all that train what the session shares."""
    for item in items:
        if is_slow(item.path) or "small_result" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    """Lets the garbage collector pass over what is loaded once and for all: libraries, and the tests themselves."""
    gc.collect()
    gc.freeze()


def is_slow(path: Path) -> bool:
    """Returns whether a file's tests are slow, all of them."""
    return path.suffix == ".py" and (path.parent.name in SLOW_FOLDERS or path.stem in SLOW_MODULES)
