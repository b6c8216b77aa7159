"""Probes of trained agents, act by act: what is swapped, what is wiped, and what stays true."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from ingredients.agent.network import views
from ingredients.agent.observation import Past
from ingredients.grid import Cell, Run, cells
from ingredients.probes import PROBES
from ingredients.study import Study, parse_study
from ingredients.tasks import lifetime
from ingredients.tasks.lifetime import World
from ingredients.training import evaluation
from ingredients.training.draws import carry, evaluation_tasks, training_sample
from ingredients.training.evaluation import evaluate, lanes_at_once, of_neighbours
from ingredients.training.interaction import Lanes, Play, begin
from ingredients.training.probes import intervention
from ingredients.training.probes.action_yoke import yoke_action
from ingredients.training.probes.environment_swap import swap_environment
from ingredients.training.probes.memory_swap import swap_memory
from ingredients.training.probes.memory_swap_same import swap_memory_same
from ingredients.training.probes.memory_wipe import wipe_memory
from ingredients.training.probes.reward_yoke import yoke_reward
from ingredients.training.probes.task_switch import switch_task
from ingredients.training.scene import Intervention, Scene
from ingredients.training.trainer import Setup, begin_training, prepare, train

FULL = Cell(True, True, True, True)
HALF_WAY = ("memory_swap", "environment_swap", "memory_wipe", "task_switch")
YOKES = ("reward_yoke", "action_yoke")


def _study(**sections: object) -> Study:
    small: dict[str, object] = {
        "name": "t",
        "tasks": {"family": "bernoulli-bandit", "arms": 2, "episodes": 8},
        "ingredients": {},
        "agent": {"hidden": 16},
        "learner": {"lifetimes": 8, "minibatches": 2, "train_steps": 2000},
    }
    return parse_study({**small, **sections}, "test")


def _lanes(first: float) -> Lanes:
    """Three lanes of one run, every number of which is another."""
    numbers = torch.arange(3.0).view(1, 3, 1) + first
    past = Past(numbers + 20, numbers + 30, numbers + 40, numbers + 50, (numbers + 60).long())
    return Lanes((numbers, -numbers), World(numbers + 10, numbers + 20, None), past, t=4)


def _scene() -> Scene:
    """The three lanes half-way through a lifetime on three tasks of a bandit with two arms."""
    setup = prepare(_study(), (Run(FULL, 0),))
    weights = views(begin_training(setup).policy, setup.agent.shapes())
    tasks = torch.tensor([[[0.1, 0.9], [0.2, 0.8], [0.3, 0.7]]])
    play = Play(setup.agent, setup.family, weights, tasks)
    return Scene(play, _lanes(0.0), torch.zeros(1, 3, 0), lifetime.others(tasks))


def test_the_swap_exchanges_memory_and_nothing_else() -> None:
    """Each lane gets the memory of the lane before it; environment, observation, starts, r and a stay its own."""
    scene = _scene()
    play, swapped, *_ = swap_memory(scene)
    assert [part.flatten().tolist() for part in swapped.memory] == [[2.0, 0.0, 1.0], [-2.0, 0.0, -1.0]]
    assert swapped.world is scene.lanes.world
    assert (swapped.past, swapped.t) == (scene.lanes.past, 4)
    assert play is scene.play


def test_the_control_exchanges_memory_with_a_lifetime_on_the_same_task() -> None:
    """Each lane gets its twin's memory; environment, observation, r and a stay its own."""
    scene = _scene()
    swapped = swap_memory_same(scene, scene._replace(lanes=_lanes(100.0))).lanes
    assert swapped.memory[0].flatten().tolist() == [100.0, 101.0, 102.0]
    assert swapped.world is scene.lanes.world
    assert (swapped.past, swapped.t) == (scene.lanes.past, 4)


def test_a_twin_meets_the_luck_of_the_neighbour() -> None:
    """Draws `[T, S, n, ...]` of a lane are those of the lane whose memory the swap brings."""
    uniforms = torch.arange(6.0).view(2, 1, 3)
    neighbours = torch.tensor([[2, 0, 1]])
    assert of_neighbours(uniforms, neighbours).tolist() == [[[2.0, 0.0, 1.0]], [[5.0, 3.0, 4.0]]]
    assert of_neighbours(uniforms.unsqueeze(-1), neighbours).flatten().tolist() == [2.0, 0.0, 1.0, 5.0, 3.0, 4.0]


def test_where_all_lanes_are_on_one_task_the_swap_and_its_control_are_one() -> None:
    """There the neighbour is the twin: same task, same luck. On many tasks the two part."""
    setup, policy, tasks = _trained()
    names = ("memory_swap", "memory_swap_same")
    one = evaluate(setup, policy, tasks[:, :1].expand(-1, 30, -1), names).curves
    assert torch.equal(one["memory_swap"], one["memory_swap_same"])
    many = evaluate(setup, policy, tasks, names).curves
    assert torch.equal(many["memory_swap"][:, :4], many["memory_swap_same"][:, :4])
    assert not torch.equal(many["memory_swap"], many["memory_swap_same"])


def test_blocks_are_the_curve_on_parts_of_the_tasks() -> None:
    """Twenty blocks of 30 tasks each, across the chunks that are played together; their mean is the curve."""
    setup, policy, tasks = _trained()
    tasks = tasks.repeat(1, 2, 1)[:, :600]
    found = evaluate(setup, policy, tasks, ("memory_swap",))
    for name, blocks in found.blocks.items():
        assert blocks.shape == (2, 20, 8)
        assert torch.allclose(blocks.mean(1), found.curves[name], rtol=1e-12, atol=0)
    returns = found.returns.view(2, 20, 30).mean(-1)
    assert torch.allclose(found.blocks["none"].sum(-1), returns, rtol=1e-12, atol=0)


def test_a_neighbour_is_on_another_task() -> None:
    """Where two lanes in a row are on one task, both swap with the lane before them; yokes and the switch likewise."""
    scene = _scene()
    tasks = scene.play.tasks[:, [0, 0, 1]]
    scene = scene._replace(play=replace(scene.play, tasks=tasks), neighbours=lifetime.others(tasks))
    assert swap_memory(scene).lanes.memory[0].flatten().tolist() == [2.0, 2.0, 1.0]
    assert torch.equal(switch_task(scene).play.tasks, tasks[:, [2, 2, 1]])


def test_a_swap_of_the_environment_is_seen_at_once() -> None:
    """The next observation shows where the neighbour stood, not where the agent was before the swap."""
    study = _study(tasks={"family": "interval-reproduction", "episodes": 5})
    setup = prepare(study, (Run(FULL, 0),))
    tasks = torch.tensor([[[0.5], [0.5], [1.0]]])
    play = Play(setup.agent, setup.family, views(begin_training(setup).policy, setup.agent.shapes()), tasks)
    lanes = begin(play, torch.zeros(1, 3, 0))
    lanes.world.state[..., 0] = torch.tensor([[0.0, 1.0, 2.0]])
    after = swap_environment(Scene(play, lanes, torch.zeros(1, 3, 0), lifetime.others(tasks))).lanes
    assert after.world.state[0, :, 0].tolist() == [2.0, 2.0, 1.0]
    state_shown = setup.family.next_episode(tasks, after.world.state, torch.zeros(1, 3, 0))[1]
    assert torch.equal(after.past.observation, state_shown)
    assert not torch.equal(after.past.observation, lanes.past.observation)


def test_the_wipe_presents_a_new_lifetime_on_the_same_task() -> None:
    """Memory, starts, r and a are those of a lifetime's start; the environment and what it shows go on."""
    scene = _scene()
    (play, wiped, *_), initial = wipe_memory(scene), begin(scene.play, scene.start)
    assert [part.tolist() for part in wiped.memory] == [part.tolist() for part in initial.memory]
    assert (wiped.world, wiped.t) == (scene.lanes.world, 4)
    assert wiped.past.observation is scene.lanes.past.observation
    for name in ("lifetime_start", "episode_start", "reward_tm1", "action_tm1"):
        assert torch.equal(getattr(wiped.past, name), getattr(initial.past, name))
    assert play is scene.play


def test_the_switch_gives_another_task_and_leaves_what_is_carried() -> None:
    """Each lane plays on the task of the lane before it; memory, r and a stay its own."""
    scene = _scene()
    play, switched, *_ = switch_task(scene)
    assert torch.equal(play.tasks, scene.play.tasks[:, [2, 0, 1]])
    assert switched.memory is scene.lanes.memory
    state, observation = play.family.first(play.tasks, scene.start)
    assert torch.equal(switched.world.state, state)
    assert torch.equal(switched.past.observation, observation)
    for name in ("lifetime_start", "episode_start", "reward_tm1", "action_tm1"):
        assert getattr(switched.past, name) is getattr(scene.lanes.past, name)


def test_a_yoke_shows_what_another_lifetime_was_paid_or_did() -> None:
    """Of what lies behind a lane only r, or only a, is the neighbour's; in the input it is in that channel alone."""
    own, plain = _lanes(0.0).past, _lanes(100.0).past
    before = torch.tensor([[2, 0, 1]])
    rewarded, acted = yoke_reward(own, plain, before), yoke_action(own, plain, before)
    assert rewarded.reward_tm1.flatten().tolist() == [152.0, 150.0, 151.0]
    assert acted.action_tm1.flatten().tolist() == [162, 160, 161]
    for past, changed in ((rewarded, "reward_tm1"), (acted, "action_tm1")):
        assert all(getattr(past, name) is getattr(own, name) for name in vars(own) if name != changed)


def _trained(memory: str = "gru") -> tuple[Setup, Tensor, Tensor]:
    setup = prepare(_study(agent={"hidden": 16, "memory": memory}), (Run(FULL, 0), Run(FULL, 1)))
    training = begin_training(setup)
    list(train(setup, training))
    return setup, training.policy, evaluation_tasks(setup.family, 400).expand(2, -1, -1)


@pytest.mark.parametrize("memory", ["gru", "fast-weights", "transformer"])
def test_interventions_begin_half_way(memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to episode K // 2 their curve is the plain one, bit by bit; an intervention that does nothing keeps it."""
    setup, policy, tasks = _trained(memory)
    nothing = Intervention(half_way=lambda scene: scene)
    monkeypatch.setattr(evaluation, "intervention", lambda name: nothing if name == "nothing" else intervention(name))
    curves = evaluate(setup, policy, tasks, (*HALF_WAY, "nothing")).curves
    assert torch.equal(curves["environment_swap"], curves["none"])  # there is nothing to write on
    for name in set(HALF_WAY) - {"environment_swap"}:
        assert torch.equal(curves[name][:, :4], curves["none"][:, :4])
        assert not torch.equal(curves[name][:, 4:], curves["none"][:, 4:])
    assert torch.equal(curves["nothing"], curves["none"])


def test_yokes_change_the_whole_lifetime_by_their_channel_alone() -> None:
    """The first episode knows nothing yet; where the channel is off there is nothing to yoke, to the bit."""
    setup, policy, tasks = _trained()
    curves = evaluate(setup, policy, tasks, YOKES).curves
    for name in YOKES:
        assert torch.equal(curves[name][:, 0], curves["none"][:, 0])
        assert not torch.equal(curves[name][:, 1], curves["none"][:, 1])
    blind = prepare(_study(), (Run(Cell(False, True, True, True), 0), Run(Cell(True, False, True, True), 1)))
    curves = evaluate(blind, policy, tasks, YOKES).curves
    assert torch.equal(curves["reward_yoke"][0], curves["none"][0])
    assert torch.equal(curves["action_yoke"][1], curves["none"][1])
    assert not torch.equal(curves["action_yoke"][0], curves["none"][0])


def test_a_yoke_that_shows_ones_own_past_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The record is of the very steps that are shown: yoked to itself, a lane lives its plain lifetime."""
    setup, policy, tasks = _trained()
    own = {
        "reward_yoke": Intervention(past=lambda past, plain, _: replace(past, reward_tm1=plain.reward_tm1)),
        "action_yoke": Intervention(past=lambda past, plain, _: replace(past, action_tm1=plain.action_tm1)),
    }
    monkeypatch.setattr(evaluation, "intervention", own.__getitem__)
    curves = evaluate(setup, policy, tasks, YOKES).curves
    assert all(torch.equal(curves[name], curves["none"]) for name in YOKES)


def test_lifetimes_earn_what_their_curve_says() -> None:
    """The mean over lifetimes of what each earned is the curve's sum."""
    setup, policy, tasks = _trained()
    evaluated = evaluate(setup, policy, tasks)
    assert evaluated.returns.shape == (2, 400)
    assert torch.allclose(evaluated.returns.mean(1), evaluated.curves["none"].sum(1), rtol=1e-12)


def test_a_large_state_is_played_in_parts() -> None:
    """A recurrent memory plays 512 lanes at once as ever, a transformer as many as keep its cache small: by hand."""
    lanes = {}
    for kind, episodes in (("gru", 100), ("lstm", 100), ("transformer", 96), ("transformer", 10_000)):
        study = _study(
            tasks={"family": "bernoulli-bandit", "arms": 2, "episodes": episodes}, agent={"memory": kind, "hidden": 64}
        )
        lanes[kind, episodes] = {lanes_at_once(prepare(study, runs)) for runs in ((), (Run(FULL, 0), Run(FULL, 1)))}
    # two blocks of keys and values, 64 units, 96 steps, and two counts of two floats: 24,580 floats a lane
    assert lanes == {
        **{(kind, 100): {512} for kind in ("gru", "lstm")},
        ("transformer", 96): {2**21 // 24_580},
        ("transformer", 10_000): {16},
    }


def test_parts_of_a_chunk_meet_the_same_luck(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few lanes are played at once, each has its own task and luck: plain curves stay, neighbours change."""
    setup, policy, tasks = _trained()
    whole = evaluate(setup, policy, tasks, ("memory_swap",)).curves
    monkeypatch.setattr(evaluation, "STATE_FLOATS", 50 * 16)
    assert lanes_at_once(setup) == 50
    parts = evaluate(setup, policy, tasks, ("memory_swap",)).curves
    assert torch.allclose(parts["none"], whole["none"], rtol=0, atol=1e-6)
    assert torch.allclose(parts["memory_swap"], whole["memory_swap"], rtol=0, atol=0.05)


def test_greedy_takes_the_likeliest_action() -> None:
    """With a policy that never prefers arm 0, greedy play never pulls it, and sampled play does."""
    setup, policy, _ = _trained()
    bias = setup.agent.shapes()
    start = sum(int(torch.tensor(shape).prod()) for name, shape in bias.items() if name != "head.bias")
    policy = torch.zeros_like(policy)
    policy[:, start + 1] = 0.1
    tasks = torch.tensor([0.0, 1.0]).expand(2, 100, 2)
    curves = evaluate(setup, policy, tasks, ("greedy",)).curves
    assert (curves["greedy"] == 1.0).all()
    assert (curves["none"].mean(1) - 0.525).abs().max() < 0.06


def test_memory_is_reset_every_so_many_steps() -> None:
    """Off resets before every step, on at the lifetime's start alone, wipe_every 3 before steps 0, 3 and 6."""
    study = _study(ingredients={"memory": [False, {"wipe_every": 3}, True], "reward_observation": [True]})
    runs = [Run(cell, 0) for cell in cells(study) if cell.action_observation is True and cell.training_tasks is None]
    kept = carry(runs, 8)[:, :, 0, 0].T.tolist()
    assert kept == [[0] * 8, [0, 1, 1, 0, 1, 1, 0, 1], [0, 1, 1, 1, 1, 1, 1, 1]]


def test_the_training_sample_is_what_was_trained_on() -> None:
    """One task off, the list of N, and never more tasks than the run has met; lanes beyond repeat them."""
    runs = [Run(Cell(True, True, True, level), 0) for level in (False, 3, True)]
    family = prepare(_study(), (runs[0],)).family
    sample = training_sample(runs, family, lifetimes=4, updates=2, lanes=24)
    assert [len({tuple(task) for task in tasks.tolist()}) for tasks in sample] == [1, 3, 8]
    assert torch.equal(sample[2, :8], sample[2, 8:16])


def test_a_probe_does_what_its_line_says() -> None:
    """Who changes lanes half-way, or has a twin, does not touch the lifetime before; every other one is throughout."""
    for probe in PROBES:
        program = intervention(probe.name)
        assert probe.throughout == (program.half_way is None and program.by_twin is None), probe.name
        assert probe.control == (program.by_twin is not None), probe.name
