"""What an agent does in whole lifetimes: a table with a row per step (docs/api.md).

Columns: `lifetime`, `episode`, `step`, `action`, `reward`, `observation_i` (the first 64 numbers), `probability_i`,
`task_i`, `component_i` (principal components of the memory's output), and `expected_reward` given the task, if known.
Waiting steps have no row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import gymnasium
import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from ingredients.api.seat import seat_of
from ingredients.errors import UsageError
from ingredients.gyms.vary import values_of
from ingredients.seeds import Purpose, generator
from ingredients.tasks import lifetime
from ingredients.tasks.family import Family
from ingredients.tasks.foreign import longest_episode, restarts
from ingredients.tasks.gymnasium_family import GymnasiumFamily

if TYPE_CHECKING:
    from ingredients.api.agent import StoredAgent


COMPONENTS = 3
MOST_SHOWN = 64  # numbers of an observation: an image is no row of a table
BeforeStep = Callable[["StoredAgent", int], None]


class _Row(NamedTuple):
    """One step of N lanes, `[N, ...]` each; `counted`: lanes not waiting."""

    t: int
    episode: Tensor
    observation: Tensor
    action: Tensor
    reward: Tensor
    expected: Tensor
    heads: npt.NDArray[np.float32]
    output: npt.NDArray[np.float32]
    counted: Tensor


def tasks_for(family: Family, lifetimes: int, seed: int) -> Tensor:
    """Returns fresh tasks `[lifetimes, D]`, used by neither training nor evaluation."""
    return family.draw_tasks(generator(seed, Purpose.PLAYED_TASKS), lifetimes)


def play_tasks(
    agent: StoredAgent, tasks: Tensor, seed: int = 0, greedy: bool = False, before_step: BeforeStep | None = None
) -> pd.DataFrame:
    """Returns the table of parallel lifetimes, one on each of `tasks` `[N, D]`; the agent stays there."""
    family = agent.family
    lanes = len(tasks)
    luck = generator(seed, Purpose.PLAYED_LUCK)
    agent.reset(lanes, seed)
    world = lifetime.begin(family, tasks, torch.rand(lanes, family.start_size, generator=luck))
    rows = []
    reward = action = None
    number = torch.zeros(lanes, dtype=torch.int64)
    begins = torch.ones(lanes, dtype=torch.bool)
    for t in range(family.steps):
        seen = world.observation
        if before_step is not None:
            before_step(agent, t)
        chosen = agent.act(seen, reward, action, begins, greedy)
        counted = torch.ones(lanes, dtype=torch.bool) if world.waiting is None else ~world.waiting
        noise = torch.rand(lanes, family.noise_size, generator=luck)
        world, step = lifetime.proceed(family, tasks, world, chosen, noise)
        unseen = None if step.reward_observed is None else step.reward_observed == 0
        reward = step.reward if unseen is None else step.reward.masked_fill(unseen, torch.nan)
        action = step.action
        told = (action, step.reward, step.expected_reward, agent.logits, agent.output, counted)
        rows.append(_Row(t, number, seen, *told))
        begins = (step.terminated | step.truncated) & restarts(family)
        if lifetime.starts_episode(family, t + 1) and t + 1 < family.steps:
            begins = torch.ones_like(begins)
            start = torch.rand(lanes, family.start_size, generator=luck)
            world = lifetime.next_episode(family, tasks, world, start)
        number = number + begins
    return _table(family, rows, tasks)


def play_environment(
    agent: StoredAgent,
    environment: gymnasium.Env[Any, Any],
    episodes: int,
    seed: int = 0,
    greedy: bool = False,
    before_step: BeforeStep | None = None,
) -> pd.DataFrame:
    """Returns the table of one lifetime in an environment: `episodes` episodes, or the steps of the agent's tasks.

    The environment is ours (`ingredients/...`), or the agent's. Only the first `reset` gets the seed; later ones stay
    on the task.

    Raises:
        UsageError: observations, actions or episode length do not fit.
    """
    family = agent.family
    seat = seat_of("play", family, environment)
    agent.reset(seed=seed)
    rows = []
    reward = None
    action = None
    observation, _ = environment.reset(seed=seed)
    for episode in range(family.steps if restarts(family) else episodes):
        if restarts(family) and agent.steps == family.steps:
            break
        if episode:
            observation, _ = environment.reset()
        began = agent.steps if restarts(family) else episode * family.episode_steps
        for place in range(_at_most(family, began)):
            if before_step is not None:
                before_step(agent, agent.steps)
            seen = seat.read(observation)
            chosen = agent.act(seen, reward, action, place == 0, greedy)
            heads, output = agent.logits, agent.output
            observation, paid, terminated, truncated, _ = environment.step(seat.taken(chosen))
            reward = float(paid)
            action = chosen
            rows.append(_row((began + place, episode), seen, action, reward, heads, output))
            if terminated or truncated:
                break
        else:
            if not isinstance(family, GymnasiumFamily):  # whose training cuts long episodes, too
                raise UsageError(f"play: an episode of {environment} has not ended after {family.episode_steps} steps")
    return _table(family, rows, None)


def _at_most(family: Family, t: int) -> int:
    """Returns how many steps an episode from step t may have."""
    left = family.episode_steps - t % family.episode_steps
    return min(longest_episode(family), left)


def _row(where: tuple[int, int], seen: object, action: object, reward: float, *told: npt.NDArray[np.float32]) -> _Row:
    """Returns one lane's step; `where` is (step of the lifetime, episode), `told` logits and output."""
    shown = torch.as_tensor(np.asarray(seen, np.float32)).reshape(1, -1)
    taken = torch.as_tensor(np.asarray(action)).unsqueeze(0)
    paid = torch.tensor([reward])
    unknown = torch.full((1,), torch.nan)
    counted = torch.ones(1, dtype=torch.bool)
    t, episode = where
    return _Row(t, torch.tensor([episode]), shown, taken, paid, unknown, told[0][None], told[1][None], counted)


def _table(family: Family, rows: list[_Row], tasks: Tensor | None) -> pd.DataFrame:
    """Returns the rows of all lanes, lifetime by lifetime."""
    lanes = len(rows[0].counted)
    steps = np.array([row.t for row in rows])
    heads = torch.from_numpy(np.stack([np.atleast_2d(row.heads) for row in rows]))
    columns: dict[str, npt.NDArray[Any]] = {
        "lifetime": np.tile(np.arange(lanes), len(rows)),
        "episode": _flat([row.episode for row in rows]),
        "step": np.repeat(steps, lanes),
        **_numbered("action", torch.stack([row.action for row in rows]), always=family.continuous),
        "reward": _flat([row.reward for row in rows]),
        "expected_reward": _flat([row.expected for row in rows]),
        **_numbered("observation", torch.stack([row.observation[..., :MOST_SHOWN] for row in rows])),
        **(_numbered("mean", heads) if family.continuous else _numbered("probability", torch.softmax(heads, -1))),
    }
    if tasks is not None:
        columns |= _numbered("task", tasks.expand(len(rows), *tasks.shape))
        columns |= _drawn(family, tasks, len(rows), tuple(columns))
    columns |= _numbered("component", _components(rows))
    table = pd.DataFrame(columns)[_flat([row.counted for row in rows])]
    return table.sort_values(["lifetime", "step"], kind="stable", ignore_index=True)


def _drawn(family: Family, tasks: Tensor, steps: int, others: tuple[str, ...]) -> dict[str, npt.NDArray[Any]]:
    """Returns what `vary` makes of `tasks`, by column name; `task_` keeps names apart."""
    if not isinstance(family, GymnasiumFamily) or not family.knobs:
        return {}
    taken = {name.partition("_")[0] for name in (*others, "mean", "probability", "component", "belief")}
    drawn = pd.DataFrame([values_of(family.knobs, task) for task in tasks.numpy()])
    return {
        f"task_{name}" if name.partition("_")[0] in taken else name: np.tile(drawn[name].to_numpy(), steps)
        for name in map(str, drawn)
    }


def _components(rows: list[_Row]) -> Tensor:
    """Returns the memory output's principal components, `[T, N, 3]`."""
    outputs = torch.from_numpy(np.stack([np.atleast_2d(row.output) for row in rows])).double()
    flat = outputs.reshape(-1, outputs.shape[-1])
    left, spread, right = torch.linalg.svd(flat - flat.mean(0), full_matrices=False)
    kept = right[:COMPONENTS]
    signs = torch.sign(kept[torch.arange(len(kept)), kept.abs().argmax(1)])  # a direction has no sign of its own
    components: Tensor = left[:, :COMPONENTS] * spread[:COMPONENTS] * signs
    return components.reshape(*outputs.shape[:2], -1)


def _flat(parts: list[Tensor]) -> npt.NDArray[Any]:
    flat: npt.NDArray[Any] = torch.stack(parts).reshape(-1).numpy()
    return flat


def _numbered(name: str, values: Tensor, always: bool = True) -> dict[str, npt.NDArray[Any]]:
    """Returns columns `name_0`, ... for the last dimension, or one."""
    if not always:
        return {name: values.reshape(-1).numpy()}
    flat = values.reshape(-1, values.shape[-1]).numpy()
    return {f"{name}_{place}": flat[:, place] for place in range(flat.shape[1])}
