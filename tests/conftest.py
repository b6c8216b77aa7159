"""What all tests share: one torch thread in each process, as every worker has; without a card, kernels interpreted."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
import torch
from api_results import DATA, MEMORIES

import ingredients as ing

if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")  # Triton reads it when it is first imported

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def small_result(tmp_path_factory: pytest.TempPathFactory) -> ing.Result:
    """Returns the results of a small study with every kind of memory, and each kind's sibling without."""
    study = ing.Study.load(DATA, MEMORIES)
    return ing.run_grid(study, tmp_path_factory.mktemp("api") / "small", workers=1, progress=False)
