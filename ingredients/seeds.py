"""Named random streams, stateless: a draw depends only on its purpose (docs/design.md §11).

A seed's cells share draws (common random numbers): the key holds neither cell nor stack.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum

import torch


class Purpose(StrEnum):
    """A stream's purpose; training and evaluation use different ones."""

    WEIGHTS = "weights"
    CRITIC_WEIGHTS = "critic-weights"
    TRAINING_TASKS = "training-tasks"
    TRAINING_TASK_LIST = "training-task-list"
    TRAINING_TASK_PICKS = "training-task-picks"
    TRAINING_ACTIONS = "training-actions"
    TRAINING_NOISE = "training-noise"
    TRAINING_STARTS = "training-starts"
    TRAINING_MASKS = "training-masks"
    TRAINING_MEMORIES = "training-memories"
    EVALUATION_TASKS = "evaluation-tasks"
    EVALUATION_ACTIONS = "evaluation-actions"
    EVALUATION_NOISE = "evaluation-noise"
    EVALUATION_STARTS = "evaluation-starts"
    EVALUATION_MASKS = "evaluation-masks"
    REFERENCES = "references"
    REFERENCE_STARTS = "reference-starts"
    LEAKAGE = "leakage"
    PLAYED_TASKS = "played-tasks"
    PLAYED_LUCK = "played-luck"


def stream_key(seed: int, purpose: Purpose, index: int = 0, evaluation: int = 0) -> int:
    """Returns a stream's 32-bit key: the head of SHA-256 over the arguments.

    Two of a study's streams coincide with odds below .01.
    """
    name = f"{seed}/{purpose.value}/{index}" + (f"/{evaluation}" if evaluation else "")
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:4], "big")


def generator(seed: int, purpose: Purpose, index: int = 0, evaluation: int = 0) -> torch.Generator:
    """Returns a CPU generator at the start of a stream; `evaluation` is the study's `evaluation.stream`."""
    return torch.Generator().manual_seed(stream_key(seed, purpose, index, evaluation))
