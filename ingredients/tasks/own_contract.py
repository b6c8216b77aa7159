"""Checks a user's family against the contract, on real shapes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ingredients.boundary.call import calling
from ingredients.boundary.failures import spelled
from ingredients.boundary.guard import Kept
from ingredients.gyms.recipe import wrong
from ingredients.tasks.family import Family, Step
from ingredients.tasks.foreign import shown_again

RUNS, LANES, STEPS = 2, 5, 3
LEAD = (RUNS, LANES)
WHOLE = {
    "episode_steps": 1,
    "actions": 1,
    "observation_size": 1,
    "task_size": 1,
    "noise_size": 0,
    "start_size": 0,
}
SWITCHES = ("ends_early", "continuous", "held_out")


def check_family(family: Family) -> None:
    """Checks that a family keeps the contract.

    Raises:
        StudyError: it does not.
    """
    _check_numbers(family)
    tasks = _check_tasks(family)
    one = _check_steps(family, tasks)
    if any(not torch.equal(a, b) for a, b in zip(one, _played(family, tasks), strict=True)):
        raise wrong(family.name, "gives other steps for equal draws: keep what it remembers in the state")
    _check_lanes(family, tasks, one)


def _check_numbers(family: Family) -> None:
    for name, least in WHOLE.items():
        value = getattr(family, name)
        if type(value) is not int or value < least:
            raise wrong(family.name, f"{name} must be a whole number from {least} on, got {spelled(value)}")
    for name in SWITCHES:
        if type(getattr(family, name)) is not bool:
            raise wrong(family.name, f"{name} must be True or False, got {spelled(getattr(family, name))}")


def _check_tasks(family: Family) -> Tensor:
    """Returns tasks `[2, 5, D]`."""

    def drawn(count: int) -> Tensor:
        generator = torch.Generator().manual_seed(7)
        tasks: Tensor = _called(family, "draw_tasks", lambda: family.draw_tasks(generator, count))
        return _checked(family, "draw_tasks", tasks, (count, family.task_size))

    tasks = drawn(RUNS * LANES)
    if not torch.equal(tasks, drawn(RUNS * LANES)):
        raise wrong(family.name, "draw_tasks gives other tasks for an equal generator: draw from it alone")
    if not torch.equal(tasks[:3], drawn(3)):
        raise wrong(family.name, "draw_tasks: a shorter list of tasks must be the head of a longer one")
    return tasks.view(*LEAD, family.task_size)


def _check_steps(family: Family, tasks: Tensor) -> list[Tensor]:
    """Returns a few steps' parts, with shapes and types checked."""
    luck = torch.default_generator.get_state()
    found = _played(family, tasks, check=True)
    if not torch.equal(luck, torch.default_generator.get_state()):
        raise wrong(family.name, "draws random numbers of its own: use `noise` and `start` alone")
    return found


def _played(family: Family, tasks: Tensor, check: bool = False, actions: Tensor | None = None) -> list[Tensor]:
    draw = torch.Generator().manual_seed(11)
    lead = tasks.shape[:-1]
    begun: Any = _called(family, "first", lambda: family.first(tasks, _uniform(draw, family.start_size, lead)))
    if not (isinstance(begun, tuple) and len(begun) == 2):
        raise wrong(family.name, f"first must return (state, observation), got {shown(begun)}")
    state, observation = begun
    found = [state, observation]
    if check:
        _checked(family, "the state of first", state, (*lead, state.shape[-1] if isinstance(state, Tensor) else 0))
        _checked(family, "the observation of first", observation, (*lead, family.observation_size))
    for _ in range(min(STEPS, family.episode_steps)):
        action = _action(family, draw, lead)
        noise = _uniform(draw, family.noise_size, lead)
        action = action if actions is None else torch.where(actions, _other(family, action), action)
        step = _called(family, "step", partial(family.step, tasks, state, action, noise))
        if check:
            _check_step(family, step, action, state)
        found += [torch.ones_like(step.reward) if part is None else part for part in step]  # a reward that all may see
        state = step.state
    again = _called(
        family, "next_episode", lambda: family.next_episode(tasks, state, _uniform(draw, family.start_size, lead))
    )
    if check:
        _checked(family, "the state of next_episode", again[0], tuple(state.shape))
        _checked(family, "the observation of next_episode", again[1], (*lead, family.observation_size))
        blank = torch.zeros((*lead, family.observation_size))
        seen = _called(family, "shown", lambda: shown_again(family, tasks, state, blank))
        _checked(family, "what shown returns", seen, (*lead, family.observation_size))
    return [*found, *again]


def _check_step(family: Family, step: Any, action: Tensor, state: Tensor) -> None:  # noqa: ANN401 - whatever came back
    if not isinstance(step, Step):
        raise wrong(family.name, f"step must return an ingredients.tasks.Step, got {shown(step)}")
    lead = action.shape[: len(LEAD)]
    _checked(family, "the state of step", step.state, tuple(state.shape))
    _checked(family, "the observation of step", step.observation, (*lead, family.observation_size))
    _checked(family, "the reward of step", step.reward, tuple(lead))
    _checked(family, "the expected_reward of step", step.expected_reward, tuple(lead))
    _checked(family, "the action of step", step.action, tuple(action.shape), action.dtype)
    _checked(family, "terminated of step", step.terminated, tuple(lead), torch.bool)
    _checked(family, "truncated of step", step.truncated, tuple(lead), torch.bool)
    if step.reward_observed is not None:
        _checked(family, "the reward_observed of step", step.reward_observed, tuple(lead))
    ends = step.terminated | step.truncated
    if not family.ends_early and family.episode_steps > 1 and ends.any():
        raise wrong(family.name, "an episode ended before its time limit: set ends_early = True")


def _check_lanes(family: Family, tasks: Tensor, plain: list[Tensor]) -> None:
    """Checks that one lane's action changes that lane alone."""
    changed = torch.zeros(LEAD, dtype=torch.bool)
    changed[0, 2] = True
    mask = changed.unsqueeze(-1) if family.continuous else changed
    for before, after in zip(plain, _played(family, tasks, actions=mask), strict=True):
        if not torch.equal(before[~changed], after[~changed]):
            raise wrong(family.name, "mixes lifetimes: each lane must be computed by itself")


def _checked(
    family: Family,
    what: str,
    found: object,
    shape: tuple[int, ...],
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    if not isinstance(found, Tensor) or tuple(found.shape) != shape or found.dtype != dtype:
        raise wrong(family.name, f"{what} must be {list(shape)} of {dtype}, got {shown(found)}")
    if not torch.isfinite(found.float()).all():
        raise wrong(family.name, f"{what} holds numbers that are not finite")
    return found


def _called(family: Family, what: str, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever came back
    with calling(lambda raised: wrong(family.name, f"{what} raised {raised}"), Kept):
        return call()


def _action(family: Family, draw: torch.Generator, lead: tuple[int, ...]) -> Tensor:
    if family.continuous:
        return torch.randn(*lead, family.actions, generator=draw)
    return torch.randint(family.actions, lead, generator=draw)


def _other(family: Family, action: Tensor) -> Tensor:
    return -action if family.continuous else (action + 1) % family.actions


def _uniform(draw: torch.Generator, size: int, lead: tuple[int, ...]) -> Tensor:
    return torch.rand(*lead, size, generator=draw)


def shown(value: object) -> str:
    """Returns shape and type of tensors, else the type."""
    if isinstance(value, Tensor):
        return f"{list(value.shape)} of {value.dtype}"
    return f"({', '.join(shown(part) for part in value)})" if type(value) is tuple else type(value).__name__
