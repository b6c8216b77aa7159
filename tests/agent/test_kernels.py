"""When kernels are taken: on a card, for float32, and never where a CPU would need Triton for it."""

from __future__ import annotations

import subprocess
import sys

import torch

from ingredients.agent.kernels import block, interpreted, kernels_do, without_kernels

TRAINS = """
import sys
from ingredients.training.trainer import begin_training, prepare, train
from ingredients.training.workload import Workload
workload = Workload(runs=2, lifetimes=4, hidden=16)
setup = prepare(workload.study(), workload.stack())
next(train(setup, begin_training(setup)))
assert "triton" not in sys.modules
"""


def test_a_cpu_needs_no_triton() -> None:
    """An update on a CPU imports no Triton, whether it is installed or not."""
    subprocess.run([sys.executable, "-c", TRAINS], check=True)


def test_kernels_take_float32_on_a_card() -> None:
    """Tensors of a CPU or of other precisions are not theirs; the interpreter takes those of a CPU if asked."""
    single, double = torch.zeros(2), torch.zeros(2, dtype=torch.float64)
    assert not kernels_do(single)
    with interpreted():
        assert kernels_do(single)
        assert not kernels_do(single, double)
        with without_kernels():
            assert not kernels_do(single)
    assert not kernels_do(single)


def test_blocks_are_powers_of_two() -> None:
    """A block holds at least the sixteen that the matrix units take."""
    assert [block(size) for size in (1, 16, 17, 48, 64, 65)] == [16, 16, 32, 64, 64, 128]
