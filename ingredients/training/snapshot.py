"""The training state as arrays, and back, bit by bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from ingredients.training.learner import Adam, Losses
from ingredients.training.trainer import Training, Update

_REASON_BYTES = 512  # of why a run failed; a longer reason is cut short
_CARRIED = "carried."
_DIAGNOSTICS = (*Losses._fields, "gradient_norm", "score")


def training_by_run(training: Training) -> dict[str, np.ndarray]:
    """Returns each run's arrays, `[S, ...]`: weights, moments, alive, failure."""
    training.settle()
    reasons = [training.failed.get(run, "") for run in range(training.alive.shape[0])]
    letters = [reason.encode()[:_REASON_BYTES].ljust(_REASON_BYTES, b"\0") for reason in reasons]
    failed = np.array([list(row) for row in letters], np.uint8)
    tensors = {
        "policy": training.policy,
        "critic": training.critic,
        "policy_adam.mean": training.policy_adam.mean,
        "policy_adam.square": training.policy_adam.square,
        "critic_adam.mean": training.critic_adam.mean,
        "critic_adam.square": training.critic_adam.square,
        "alive": training.alive,
    }
    carried = {f"{_CARRIED}{name}": array for name, array in training.carried.items()}
    return {**{name: tensor.cpu().numpy() for name, tensor in tensors.items()}, "failed": failed, **carried}


def training_counters(training: Training) -> dict[str, np.ndarray]:
    """Returns the numbers of updates and optimiser steps."""
    counts = (training.update, training.policy_adam.count, training.critic_adam.count)
    return {"counters": np.array(counts)}


def restored_training(
    by_run: Mapping[str, np.ndarray], shared: Mapping[str, np.ndarray], device: torch.device
) -> Training:
    """Returns the training state of these arrays."""

    def tensor(name: str) -> Tensor:
        return torch.from_numpy(by_run[name]).clone().to(device)  # torch's own memory starts on whole SIMD registers

    update, policy_steps, critic_steps = shared["counters"].tolist()
    reasons = [bytes(row).rstrip(b"\0").decode(errors="ignore") for row in by_run["failed"]]
    failed = {run: reason for run, reason in enumerate(reasons) if reason}
    policy_adam = Adam(tensor("policy_adam.mean"), tensor("policy_adam.square"), policy_steps)
    critic_adam = Adam(tensor("critic_adam.mean"), tensor("critic_adam.square"), critic_steps)
    carried = {name.removeprefix(_CARRIED): by_run[name].copy() for name in by_run if name.startswith(_CARRIED)}
    made = Training(tensor("policy"), tensor("critic"), policy_adam, critic_adam, tensor("alive"), update, failed)
    made.carried.update(carried)
    return made


def updates_by_run(updates: Sequence[Update]) -> dict[str, np.ndarray]:
    """Returns each run's diagnostics by name, `[S, updates]`, if any."""
    if not updates:
        return {}
    columns = {name: [getattr(update.losses, name) for update in updates] for name in Losses._fields}
    columns |= {name: [getattr(update, name) for update in updates] for name in ("gradient_norm", "score")}
    return {f"update.{name}": torch.stack(column, dim=1).cpu().numpy() for name, column in columns.items()}


def updates_counters(updates: Sequence[Update]) -> dict[str, np.ndarray]:
    """Returns each update's number and train step, `[updates, 2]`, if any."""
    return {"updates": np.array([update[:2] for update in updates])} if updates else {}


def restored_updates(
    by_run: Mapping[str, np.ndarray], shared: Mapping[str, np.ndarray], device: torch.device
) -> list[Update]:
    """Returns the updates of these arrays."""
    if "updates" not in shared:
        return []
    columns = [torch.from_numpy(by_run[f"update.{name}"]).clone().to(device).unbind(1) for name in _DIAGNOSTICS]
    updates = []
    for (number, step), *losses, norm, score in zip(shared["updates"].tolist(), *columns, strict=True):
        updates.append(Update(number, step, Losses(*losses), norm, score))
    return updates
