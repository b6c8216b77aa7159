"""One contract for every task family: shapes, determinism, lanes that do not touch, expectations that hold."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
import torch
from families import FAMILIES
from gymnasium.utils.env_checker import check_env
from gymnasium.utils.seeding import np_random
from torch import Tensor

from ingredients.families import FAMILIES as SPECS
from ingredients.seeds import Purpose, generator
from ingredients.study import parse_study
from ingredients.study.tasks import SECTIONS
from ingredients.tasks import lifetime, make_family
from ingredients.tasks.environment import FamilyEnvironment
from ingredients.tasks.family import Family, Step
from ingredients.tasks.lifetime import World

LUCKY = ("tabular-mdp", "two-step")  # where an action leads, and so what the next one may earn, is a matter of luck


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> Family:
    """Returns each family that a study can name."""
    return make_family(parse_study({"name": "t", "tasks": FAMILIES[request.param], "ingredients": {}}, "test").tasks)


def tasks_for(family: Family, *lanes: int) -> Tensor:
    """Returns tasks of a training stream, `[*lanes, D]`."""
    drawn = family.draw_tasks(generator(0, Purpose.TRAINING_TASKS), int(torch.tensor(lanes).prod()))
    return drawn.view(*lanes, family.task_size)


def actions_for(family: Family, *lanes: int, seed: int = 0) -> Tensor:
    """Returns random actions of as many lanes."""
    draw = torch.Generator().manual_seed(seed)
    if family.continuous:
        return torch.randn(*lanes, family.actions, generator=draw)
    return torch.randint(family.actions, lanes, generator=draw)


def uniforms(size: int, *lanes: int, seed: int = 1) -> Tensor:
    """Returns `[*lanes, size]` uniforms."""
    return torch.rand(*lanes, size, generator=torch.Generator().manual_seed(seed))


def lived(family: Family, lanes: int, noise_seed: int = 1) -> list[tuple[World, Step]]:
    """Returns each step of a lifetime of random actions in every lane: the world before it, and what it gave."""
    tasks, played = tasks_for(family, lanes), []
    world = lifetime.begin(family, tasks, uniforms(family.start_size, lanes, seed=noise_seed))
    for t in range(family.steps):
        noise = uniforms(family.noise_size, lanes, seed=100 * noise_seed + t)
        after, step = lifetime.proceed(family, tasks, world, actions_for(family, lanes, seed=t), noise)
        played.append((world, step))
        if lifetime.starts_episode(family, t + 1):
            start = uniforms(family.start_size, lanes, seed=1000 * noise_seed + t)
            after = lifetime.next_episode(family, tasks, after, start)
        world = after
    return played


def given(step: Step) -> list[Tensor]:
    """Returns what a step says; `reward_observed` is None where the reward always can be observed."""
    return [part for part in step if part is not None]


def test_shapes_and_types(family: Family) -> None:
    """Every field of a step has the shape and type that the protocol names, for any leading batch."""
    tasks, action = tasks_for(family, 2, 5), actions_for(family, 2, 5)
    state, observation = family.first(tasks, uniforms(family.start_size, 2, 5))
    step = family.step(tasks, state, action, uniforms(family.noise_size, 2, 5))
    again, shown = family.next_episode(tasks, step.state, uniforms(family.start_size, 2, 5))
    assert observation.shape == step.observation.shape == shown.shape == (2, 5, family.observation_size)
    assert step.state.shape == state.shape == again.shape
    assert step.reward.shape == step.expected_reward.shape == (2, 5)
    assert (step.action.shape, step.action.dtype) == (action.shape, action.dtype)
    assert step.terminated.dtype == step.truncated.dtype == torch.bool
    assert not (step.terminated & step.truncated).any()
    assert family.steps == family.episodes * family.episode_steps
    assert all(column in range(state.shape[-1]) for column in family.written)
    for part in (state, observation, *given(step)):
        assert part.dtype in (torch.float32, torch.int64, torch.bool)
        assert torch.isfinite(part.float()).all()


def test_tasks_are_a_function_of_their_stream(family: Family) -> None:
    """Equal streams give equal tasks, a shorter list is the head of a longer one, other streams give others."""
    first = family.draw_tasks(generator(0, Purpose.EVALUATION_TASKS), 20)
    assert first.shape == (20, family.task_size)
    assert torch.equal(first, family.draw_tasks(generator(0, Purpose.EVALUATION_TASKS), 20))
    assert torch.equal(first[:7], family.draw_tasks(generator(0, Purpose.EVALUATION_TASKS), 7))
    assert not torch.equal(first, family.draw_tasks(generator(0, Purpose.TRAINING_TASKS), 20))


def test_lanes_do_not_touch(family: Family) -> None:
    """Another action in one lane changes that lane alone, and a step changes nothing that it was given."""
    tasks, action, noise = tasks_for(family, 6), actions_for(family, 6), uniforms(family.noise_size, 6)
    state, _ = family.first(tasks, uniforms(family.start_size, 6))
    kept = state.clone()
    before = family.step(tasks, state, action, noise)
    assert torch.equal(state, kept)
    action = action.clone()
    action[2] = (action[2] + 1) % family.actions
    after = family.step(tasks, state, action, noise)
    others = [0, 1, 3, 4, 5]
    for old, new in zip(given(before), given(after), strict=True):
        assert torch.equal(old[others], new[others])


def test_a_lifetime_is_a_function_of_its_draws(family: Family) -> None:
    """Equal draws give equal lifetimes, a lane of many is the lane alone, and other luck gives another lifetime."""
    one, same = lived(family, 8), lived(family, 8)
    for (_, step), (_, again) in zip(one, same, strict=True):
        assert all(torch.equal(part, other) for part, other in zip(given(step), given(again), strict=True))
    rewards = torch.stack([step.reward for _, step in one])
    assert rewards.abs().sum() > 0
    if family.noise_size or family.start_size:
        assert not torch.equal(rewards, torch.stack([step.reward for _, step in lived(family, 8, noise_seed=2)]))


def test_an_episode_ends_early_only_where_the_family_says_so(family: Family) -> None:
    """Waiting begins after an end, lasts to the boundary, and gives nothing."""
    played = lived(family, 40)
    for t, (world, step) in enumerate(played):
        ends = step.terminated | step.truncated
        if not family.ends_early:
            assert world.waiting is None
            assert not ends.any() or lifetime.starts_episode(family, t + 1)
            continue
        assert world.waiting is not None
        assert not (world.waiting & ends).any()
        assert not step.reward[world.waiting].any()
        assert not step.observation[world.waiting].any()
        assert not (world.waiting.any() and lifetime.starts_episode(family, t))
    if family.ends_early:
        assert any(world.waiting.any() for world, _ in played if world.waiting is not None)


def test_expected_reward_is_the_mean_reward(family: Family) -> None:
    """Over many draws of noise the paid reward has the mean that the score is made of."""
    count = 20_000
    many, start = tasks_for(family, 1).expand(count, -1), uniforms(family.start_size, 1).expand(count, -1)
    state, _ = family.first(many, start)
    for seed in range(3):
        action = actions_for(family, 1, seed=seed)
        chosen = action.expand(count, *action.shape[1:])
        step = family.step(many, state, chosen, uniforms(family.noise_size, count, seed=seed))
        spread = float((step.reward - step.expected_reward).std()) + 1e-6
        assert abs(float((step.reward - step.expected_reward).double().mean())) < 4.5 * spread / count**0.5


def test_nobody_does_better_than_one_who_knows_the_task(family: Family) -> None:
    """The best episode return bounds what random actions earn of an episode, where that is luck on average."""
    best = family.best_episode_return(tasks_for(family, 40))
    if best is None:
        return
    rewards = torch.stack([step.expected_reward for _, step in lived(family, 40)])
    by_episode = rewards.view(family.episodes, family.episode_steps, -1).sum(1)
    beyond = (by_episode.mean(0) - best).double()
    luck = 4.5 * float(beyond.std()) / 40**0.5 if family.name in LUCKY else 0.0
    assert float(beyond.mean() if luck else beyond.max()) <= luck + 1e-5


def test_the_task_is_not_in_the_observation(family: Family) -> None:
    """What the environment shows is the same on two tasks where nothing has been done yet and they start alike."""
    tasks = tasks_for(family, 40)
    start = uniforms(family.start_size, 1).expand(40, -1)
    _, observation = family.first(tasks, start)
    same = (observation == observation[:1]).all(-1)
    # a start at random avoids the goal, so a few tasks start elsewhere
    assert same.all() if not family.start_size else same.float().mean() > 0.5


def test_gymnasium_plays_the_same_program(family: Family) -> None:
    """For the same draws one environment and the batched program give the same trajectory, and Gymnasium is content."""
    environment, draw = FamilyEnvironment(family), np_random(3)[0]
    check_env(environment, skip_render_check=True)
    shown, info = environment.reset(seed=3)
    assert info == {}

    def numbers(size: int) -> Tensor:
        return torch.from_numpy(draw.random(size, dtype=np.float32))

    task = family.draw_tasks(torch.Generator().manual_seed(int(draw.integers(2**63))), 1)[0]
    state, observation = family.first(task, numbers(family.start_size))
    for episode in range(3):
        assert torch.equal(torch.from_numpy(shown), observation)
        for t in range(family.episode_steps):
            action = actions_for(family, 1, seed=episode * family.episode_steps + t)[0]
            step = family.step(task, state, action, numbers(family.noise_size))
            shown, reward, terminated, truncated, info = environment.step(np.int64(action))
            state, last, cut = step.state, t + 1 == family.episode_steps, bool(step.truncated)
            assert torch.equal(torch.from_numpy(shown), step.observation)
            assert (reward, terminated, info) == (float(step.reward), bool(step.terminated), {})
            assert truncated is (not terminated and (cut or last))
            if terminated or truncated:
                break
        shown, _ = environment.reset()
        state, observation = family.next_episode(task, state, numbers(family.start_size))


def test_every_family_is_registered() -> None:
    """Each family of a study can be made by Gymnasium, and the contract above is tried on each."""
    assert {spec.name for spec in SPECS} == set(SECTIONS)
    assert all(spec.gymnasium_id in gymnasium.registry for spec in SPECS)
    assert {settings["family"] for settings in FAMILIES.values()} == set(SECTIONS)
