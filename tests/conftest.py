"""What all tests share: one torch thread in each process, as every worker has."""

from __future__ import annotations

import os

for library in ("OMP", "MKL", "OPENBLAS"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

import torch

torch.set_num_threads(1)
