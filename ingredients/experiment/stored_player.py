"""A stored run of ours as a player: the agent with its last weights, in an environment of somebody else's stepping.

The agent sees what it was trained to see: the observation as its study's numbers, r_{t-1} and a_{t-1} as its cell has
them, the starts. A lifetime starts with every episode, and again after as many steps as the study's lifetimes have.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ingredients.agent.network import flatten, views
from ingredients.agent.observation import Past, assemble
from ingredients.agent.policy import sample_vector
from ingredients.cell_filter import select_cells
from ingredients.errors import IngredientsError, UsageError
from ingredients.grid import Run, cells
from ingredients.gyms.actions import reach_of
from ingredients.gyms.recipe import Environment
from ingredients.gyms.spaces import sight_of
from ingredients.gyms.symbols import known
from ingredients.store import Store, load_result
from ingredients.store.record import WEIGHTS
from ingredients.study import Study
from ingredients.tasks.foreign import reward_scale
from ingredients.tasks.gymnasium_family import GymnasiumFamily
from ingredients.training.draws import carry
from ingredients.training.setup import prepare


def run_of(folder: Path, cell: str | None, seed: int) -> tuple[Store, Study, Run]:
    """Returns a finished run of a results folder.

    Raises:
        IngredientsError: there is no such folder, cell or finished run, or more than one cell.
    """
    store, study = load_result(folder)
    found = select_cells(study, cell, f"--cell {cell}") if cell else cells(study)
    if len(found) != 1:
        given = f"lets {len(found)} cells through" if cell else f"is missing, and {folder} has {len(found)} cells"
        example = ",".join(f"{name}={text}" for name, text in (found or cells(study))[-1].texts().items())
        raise UsageError(f"--cell: {given}; allowed: levels that one cell alone has, such as {example}")
    run = Run(found[0], seed)
    if (reason := store.read_run_json(run)["reason"]) is not None:
        raise UsageError(f"{folder}: the run {run.id} failed: {reason}")
    return store, study, run


def weights_of(folder: Path, cell: str | None, seed: int) -> Path:
    """Returns the file of a run's weights."""
    store, _, run = run_of(folder, cell, seed)
    return store.run_path(run) / WEIGHTS


class StoredPlayer:
    """The agent of a stored run, in somebody else's environment; `name` is what it is called where it is refused."""

    def __init__(self, name: str, found: tuple[Store, Study, Run], made: Environment) -> None:
        """Loads it.

        Raises:
            IngredientsError: the run is not there, or was trained with other observations or actions.
        """
        store, study, self._run = found
        setup = prepare(study, (self._run,))
        self._agent, self._family = setup.agent, setup.family
        weights = store.read_weights(self._run)
        last = {name: torch.from_numpy(weights[name][-1].copy()) for name in self._agent.shapes()}
        self._weights = views(flatten([last]), self._agent.shapes())
        self._carry = carry((self._run,), self._family.steps)
        self._sight = sight_of(name, made.observation_space, known(made))
        self._reach = reach_of(name, made.action_space)
        mine = self._family.observation_size, self._family.actions, self._family.continuous
        theirs = self._sight.size, self._reach.actions, self._reach.continuous
        if mine != theirs:
            trained, has = (f"{shown} observed numbers, {chosen} actions" for shown, chosen, _ in (mine, theirs))
            raise IngredientsError(f"{name}: an agent of {trained}; the environment has {has}")
        self.begins(0)

    def begins(self, seed: int) -> None:
        """Starts a lifetime."""
        self._draw = torch.Generator().manual_seed(seed)
        self._step = 0

    @torch.no_grad()
    def acts(self, shown: Any, reward: float) -> Any:  # noqa: ANN401 - of the environment's spaces
        """Returns an action for what is shown."""
        at = self._step % self._family.steps
        cell = self._run.cell
        if at == 0:
            self._memory = self._agent.memory.initial_state(1, 1, self._family.steps, torch.zeros(1))
            self._chosen = torch.zeros(1, self._family.actions if self._family.continuous else 1)
        told = [(self._uniform(1) < level).float().view(1, 1, 1) for level in (cell.reward_shown, cell.action_shown)]
        x = assemble(self._agent.layout, self._past(shown, reward, at), told[0], told[1])
        output, self._memory = self._agent.step(self._weights, self._memory, self._carry[at], x)
        self._chosen = self._choose(output)
        self._step += 1
        return self._reach.taken(self._chosen.numpy())[0]

    def _past(self, shown: Any, reward: float, at: int) -> Past:  # noqa: ANN401 - of the environment's space
        numbers = self._sight.read(shown)
        if isinstance(self._family, GymnasiumFamily):
            numbers = self._family.scales.shown(numbers)
        start = torch.full((1, 1, 1), float(at == 0))
        felt = torch.full((1, 1, 1), reward * reward_scale(self._family)) * (1 - start)
        action = self._chosen.unsqueeze(0)
        return Past(
            torch.from_numpy(numbers).view(1, 1, -1),
            start,
            start,
            felt.float(),
            action if self._family.continuous else action.long(),
        )

    def _choose(self, output: Tensor) -> Tensor:
        """Returns a vector `[1, A]`, or a choice `[1, 1]`, for the memory's output `[1, 1, H]`."""
        if self._family.continuous:
            vectors = sample_vector(self._agent.heads(self._weights, output), self._uniform(self._family.actions))
            return vectors.view(1, -1)
        return self._agent.choices(self._weights, output, self._uniform(1).view(1, 1)).view(1, 1)

    def _uniform(self, count: int) -> Tensor:
        return torch.rand(1, 1, count, generator=self._draw)
