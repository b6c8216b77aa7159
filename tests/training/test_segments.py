"""Training in segments of lifetimes: lanes at their own pace, advantages at ends and cuts, the same bytes always."""

from __future__ import annotations

import gc
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import pytest
import torch
from stores import small_study
from torch import Tensor
from torch.autograd.function import BackwardCFunction

from ingredients.agent.compiled import without_loops
from ingredients.agent.network import flatten, views
from ingredients.grid import Run, fingerprints, runs
from ingredients.study import Study, parse_study
from ingredients.tasks import make_family
from ingredients.tasks.informed import informed
from ingredients.training import segment_learning
from ingredients.training.evaluation import evaluate
from ingredients.training.interaction import Play
from ingredients.training.learner import generalised_advantage, horizon_discount, horizon_lambda
from ingredients.training.ongoing import Ongoing
from ingredients.training.segment_learning import ReturnScale, segment_advantage
from ingredients.training.segments import Segments, begin_segments, collect_segment, segment_draws
from ingredients.training.setup import Setup, Training
from ingredients.training.snapshot import restored_training, training_by_run, training_counters
from ingredients.training.trainer import begin_training, prepare, train

LANES, STEPS = 4, 16


def study(tasks: dict[str, Any] | None = None, memory: str = "gru", **learner: object) -> Study:
    """Returns a study of eight cells in a corridor, whose segments have 16 steps of four lanes."""
    return parse_study(
        {
            "name": "t",
            "tasks": {"gymnasium": "others_environments:Corridor", "episodes": 5, "episode_steps": 8, **(tasks or {})},
            "ingredients": {"action_observation": [True], "memory": [False, True]},
            "seeds": 1,
            "agent": {"hidden": 16, "memory": memory},
            "learner": {
                "segment": STEPS,
                "lifetimes": LANES,
                "minibatches": 2,
                "epochs": 2,
                "train_steps": 192,
                **learner,
            },
            "evaluation": {"tasks": 6, "points": 2, "tasks_at_points": 4},
        },
        "test",
    )


def collected(of: Study) -> tuple[Setup, Segments, list[Any]]:
    """Returns two segments' worth of a stack as one list of what was met, and the second segment."""
    setup = prepare(of, runs(of))
    play = playing(setup, begin_training(setup).policy)
    carried, met = begin_segments(play, setup.runs, LANES, {}), []
    step = carried.lanes.step

    def noted(actions: np.ndarray) -> Any:  # noqa: ANN401 - a `Came`
        met.append(step(actions))
        return met[-1]

    carried.lanes.step = noted  # type: ignore[method-assign]
    for index in range(2):
        draws = segment_draws(setup.runs, setup.family, index, STEPS, LANES, setup.device)
        segments = collect_segment(play, carried, setup.runs, draws, 2)
    return setup, segments, met


def playing(setup: Setup, policy: Tensor) -> Play:
    """Returns who plays."""
    blank = torch.zeros(len(setup.runs), LANES, setup.family.task_size)
    return Play(setup.agent, setup.family, views(policy, setup.agent.shapes()), blank)


def trained(of: Study, some: tuple[Run, ...], updates: int = 99, training: Training | None = None) -> Training:
    """Returns the training of some runs after so many updates, or to its end."""
    setup = prepare(of, some)
    training = training or begin_training(setup)
    for _, _ in zip(range(updates), train(setup, training), strict=False):
        pass
    return training


def test_advantages_end_with_episodes_and_go_on_beyond_cuts() -> None:
    """Nothing follows a termination, the value of what would have followed follows a cut; by hand for γ = λ = ½."""
    reward, value = torch.tensor([1.0, 2, 4, 8, 16]), torch.tensor([1.0, 1, 1, 1, 1])
    ended, beyond = torch.tensor([0.0, 1, 0, 1, 0]), torch.tensor([0.0, 0, 0, 6, 10])
    rows = [part.view(1, 5, 1) for part in (reward, value, ended, beyond)]
    found = segment_advantage(rows[0], rows[1], rows[2], rows[3], 0.5, 0.5)
    # the first episode terminates, the second is cut by its limit, the third by the segment
    assert found.flatten().tolist() == [0.5 + 0.25 * 1, 1.0, 3.5 + 0.25 * 10, 10.0, 20.0]


def test_a_whole_lifetime_of_one_episode_is_as_it_was() -> None:
    """Where one episode terminates with the segment the advantages are those of a whole lifetime."""
    draw = torch.Generator().manual_seed(0)
    reward, value = (torch.randn(2, 7, 3, generator=draw) for _ in range(2))
    ended = torch.zeros_like(reward)
    ended[:, -1] = 1.0
    found = segment_advantage(reward, value, ended, torch.zeros_like(reward), 0.9, 0.8)
    assert torch.allclose(found, generalised_advantage(reward, value, 0.9, 0.8), atol=1e-6)


def test_an_early_end_begins_the_next_episode_at_once() -> None:
    """After each end something else is shown that starts an episode; every fifth end is that of a lifetime."""
    _, segments, met = collected(study())
    ended, born = (np.stack([getattr(came, name) for came in met]) for name in ("ended", "born"))
    assert ended.sum((0, 2)).min() > 2 * 2 * STEPS // 8  # more than if all episodes took their eight steps
    counted = (ended.cumsum(0) % 5 == 0) & ended
    assert np.array_equal(born, counted)
    reached = np.stack([came.terminated for came in met])
    assert not (ended & ~reached).all()
    for t, came in enumerate(met[:-1]):
        assert (came.next[came.ended] < -0.75).all(), t  # a start, scaled from 0 to 10
        assert (came.last[came.terminated] > -0.45).all(), t  # the goal
        assert np.array_equal(came.next[~came.ended], came.last[~came.ended])
    # the memory is reset where a lifetime starts, and before every step of the runs without
    carry = segments.carry.movedim(0, 2).flatten(2)
    off = torch.tensor([run.cell.wipe_every == 1 for run in runs(study())])
    assert not carry[off].any()
    starts = torch.from_numpy(born[STEPS - 1 : -1]).transpose(0, 1)
    assert torch.equal(carry[~off] == 0, starts[~off])


def test_the_score_of_an_update_is_the_return_of_a_lifetime() -> None:
    """As where rollouts are whole lifetimes: five times what the episodes that ended paid on average."""
    _, _, met = collected(study())
    ended, earned = (np.stack([getattr(came, name) for came in met[:STEPS]]) for name in ("whole", "earned"))
    episode = (earned * ended).sum((0, 2)) / ended.sum((0, 2))
    setup = prepare(study(), runs(study()))
    first = next(iter(train(setup, begin_training(setup))))
    assert np.allclose(first.score.numpy(), 5 * episode)
    assert (episode != 0).any()


@pytest.mark.parametrize("loops", [True, False])
@pytest.mark.parametrize("memory", ["gru", "lstm", "none"])
def test_the_learner_sees_what_the_segment_saw(memory: str, loops: bool) -> None:
    """Unrolled from the stored memory, lane by lane reset, outputs are those of the steps; so for torch and loops."""
    how: AbstractContextManager[object] = nullcontext() if loops else without_loops()
    with how:
        setup, segments, _ = collected(study(memory=memory) if memory != "none" else no_memory())
        weights = views(begin_training(setup).policy, setup.agent.shapes())
        assert bool(segments.carry.any()) == (memory != "none")
        for m in range(2):
            start = tuple(part[m] for part in segments.start) or None
            again = setup.agent.memory.unroll(weights, segments.carry[m], segments.inputs[m], start)
            assert torch.allclose(again, segments.outputs[m], atol=1e-5)


def no_memory() -> Study:
    """Returns a study whose agents carry nothing."""
    of = study()
    data = of.resolved() | {"agent": {"memory": "none", "hidden": 16}}
    data["ingredients"] = data["ingredients"] | {"memory": [False]}
    return parse_study(data, "test")


@pytest.mark.parametrize("loops", [True, False])
@pytest.mark.parametrize("memory", ["gru", "lstm"])
def test_gradients_of_lanes_reset_one_by_one(memory: str, loops: bool) -> None:
    """The way back through lanes that are reset one by one is that of each lane by itself, added up."""
    setup = prepare(study(memory=memory), runs(study())[:2])
    made, shapes = setup.agent.memory, setup.agent.memory.shapes()
    draw = torch.Generator().manual_seed(0)
    flat = flatten([made.initial_weights(draw) for _ in range(2)])
    inputs = torch.randn(2, 6, 3, setup.agent.layout.size, generator=draw)
    carry = (torch.rand(2, 6, 3, generator=draw) > 0.3).float()
    start = tuple(torch.randn(2, 3, 16, generator=draw).tanh() for _ in made.initial_state(1, 1, 1, flat))
    weigh = torch.randn(2, 6, 3, 16, generator=draw)

    def gradients(lanes: slice, carried: Tensor) -> list[Tensor]:
        leaves = {name: part.clone().requires_grad_() for name, part in views(flat, shapes).items()}
        begins = tuple(part[:, lanes].contiguous() for part in start)
        outputs = made.unroll(leaves, carried, inputs[:, :, lanes].contiguous(), begins)
        return list(torch.autograd.grad((outputs * weigh[:, :, lanes]).sum(), list(leaves.values())))

    how: AbstractContextManager[object] = nullcontext() if loops else without_loops()
    with how:
        apart = [gradients(slice(lane, lane + 1), carry[:, :, lane]) for lane in range(3)]
        for parts, together in zip(zip(*apart, strict=True), gradients(slice(3), carry), strict=True):
            assert torch.allclose(torch.stack(parts).sum(0), together, atol=1e-4)


def test_a_runs_bytes_depend_on_nothing_but_itself() -> None:
    """Alone, beside others, or gone on with from a snapshot after two of three updates, a run has the same weights."""
    of = study()
    whole = trained(of, runs(of))
    assert torch.isfinite(whole.policy).all()
    alone = trained(of, runs(of)[3:4])
    assert torch.equal(alone.policy[0], whole.policy[3])
    setup, part = prepare(of, runs(of)), trained(of, runs(of), 2)
    assert part.update == 2
    by_run = {name: array.copy() for name, array in training_by_run(part).items()}
    back = restored_training(by_run, training_counters(part), setup.device)
    assert torch.equal(trained(of, runs(of), training=back).policy, whole.policy)
    again = trained(of, runs(of))
    assert torch.equal(again.policy, whole.policy)
    assert torch.equal(again.critic, whole.critic)


@pytest.mark.parametrize("segments", [True, False])
def test_updates_leave_no_graph_behind(segments: bool) -> None:
    """What an update differentiates is gone after it: a long training takes no more memory than a short one."""
    of = study() if segments else small_study()
    left = trained(of, runs(of)[:1], 3)
    gc.collect()
    graphs = [each for each in gc.get_objects() if isinstance(each, BackwardCFunction)]
    assert left.update == 3
    assert graphs == []


def test_lanes_come_back_to_where_they_were() -> None:
    """Where environments stand cannot be stored; who takes an episode's actions again stands there."""
    family, of = make_family(study().tasks), runs(study())
    ongoing, draw = Ongoing(of, family, LANES), np.random.default_rng(0)
    for _ in range(21):
        ongoing.step(draw.integers(2, size=(len(of), LANES, 1)).astype(np.float32))
    back = Ongoing(of, family, LANES, ongoing.places)
    assert np.array_equal(back.shown, ongoing.shown)
    actions = np.ones((len(of), LANES, 1), np.float32)
    there, here = ongoing.step(actions), back.step(actions)
    assert np.array_equal(there.last, here.last)


def test_processes_give_the_same_numbers_at_each_lanes_own_pace() -> None:
    """Lanes that restart by themselves do so in whatever process they are."""
    some, draw = runs(study())[:1], np.random.default_rng(0)
    taken = draw.integers(2, size=(12, 1, LANES, 1)).astype(np.float32)
    shown = []
    for how in ("sync", "async"):
        ongoing = Ongoing(some, make_family(study({"vectorization": how}).tasks), LANES)
        shown.append([ongoing.step(actions) for actions in taken])
        ongoing.pace.close()
    assert any(came.ended.any() and not came.ended.all() for came in shown[0])
    for alone, spread in zip(*shown, strict=True):
        assert all(np.array_equal(left, right) for left, right in zip(alone, spread, strict=True))


def test_waiting_in_an_evaluation_is_no_time() -> None:
    """Where training has no waiting, a memory takes none in: how long an agent has to wait changes nothing."""
    curves = []
    for steps in (20, 40):
        of = study({"episode_steps": steps, "vary": {"length": [1, 9]}})
        setup = prepare(of, runs(of)[3:4])
        training = begin_training(setup)
        training.policy.mul_(3.0)
        family, draw = setup.family, torch.Generator().manual_seed(0)
        policy = training.policy
        views(policy, setup.agent.shapes())["head.bias"][..., 1] = 1.0  # to the right, where an episode ends early
        tasks = family.draw_tasks(draw, 4).expand(1, -1, -1)
        curves.append(evaluate(setup, policy, tasks, ("greedy",)).curves["greedy"])
    assert torch.equal(curves[0], curves[1])
    assert curves[0].min() > -20


def test_rewards_are_divided_by_the_deviation_of_their_discounted_sum() -> None:
    """Counted over all segments so far, each run by itself, episode by episode."""
    of = study()
    _, segments, _ = collected(of)
    scale = ReturnScale.first(len(runs(of)), LANES)
    scale.taken(segments, 0.5)
    found = ReturnScale.of(scale.arrays()).taken(segments, 0.5)
    reward, ended = (part.movedim(0, 2).flatten(2).double().numpy() for part in (segments.reward, segments.ended))
    flow, flows = np.zeros(reward[:, 0].shape), []
    for t in [*range(STEPS), *range(STEPS)]:
        flow = 0.5 * flow + reward[:, t]
        flows.append(flow)
        flow = np.where(ended[:, t] != 0, 0.0, flow)
    assert np.allclose(found, np.stack(flows, axis=1).std((1, 2)), atol=1e-6)


def test_only_long_episodes_of_environments_are_cut() -> None:
    """Bandits and short episodes keep whole lifetimes, and what was stored of them; off keeps them anywhere."""
    run = runs(study())[0]
    bandit = {"family": "bernoulli-bandit", "arms": 2, "episodes": 300}

    def of(tasks: dict[str, object], **learner: object) -> Study:
        return parse_study({"name": "t", "tasks": tasks, "ingredients": {}, "learner": learner}, "test")

    said = {"epochs": 4, "minibatches": 4, "learning_rate": 0.01}
    assert fingerprints(of(bandit), run) == fingerprints(of(bandit, **said, segment=64), run)
    assert fingerprints(of(bandit), run) == fingerprints(of(bandit, segment=False), run)
    assert prepare(of(bandit), ()).tuned[5:] == (0, 4, 4, 0.01)
    corridor = {"gymnasium": "others_environments:Corridor", "episodes": 5, "episode_steps": 49}
    assert fingerprints(of(corridor), run) == fingerprints(of(corridor, **said), run)
    assert prepare(of(corridor), ()).tuned.segment == 0
    long = {**corridor, "episode_steps": 50}
    assert fingerprints(of(long), run) != fingerprints(of(long, **said), run)
    assert prepare(of(long), ()).tuned[5:] == (128, 10, 4, 0.001)
    assert prepare(of(long, segment=False), ()).tuned.segment == 0
    transformer = of(long).model_copy(update={"agent": of(long).agent.model_copy(update={"memory": "transformer"})})
    assert prepare(transformer, ()).tuned.segment == 0


@pytest.mark.parametrize(
    ("name", "steps", "rules"),
    [
        ("FrozenLake-v1", "auto", (0.99, 0.8)),
        ("FrozenLake-v1", 1000, (0.995, 0.8)),
        ("minigrid:MiniGrid-MemoryS7-v0", "auto", (0.99, 0.8)),
        ("CartPole-v1", 100, (0.97, 0.9)),
        ("Pendulum-v1", "auto", (0.975, 0.9)),
        ("FrozenLake-v1", 30, (0.99, 0.8)),
        ("CartPole-v1", "auto", (0.99, 0.9)),
        ("CartPole-v1", 1000, (0.995, 0.9)),
    ],
)
def test_discount_and_trace_go_with_what_is_shown(name: str, steps: int | str, rules: tuple[float, float]) -> None:
    """Of symbols γ is at least .99, and λ is smaller; the same for the informed agent; a study's numbers go first."""
    tasks = {"gymnasium": name, "episode_steps": steps}
    plain = prepare(study(tasks), ())
    assert plain.tuned[1:3] == rules
    assert prepare(study(tasks), (), family=informed(plain.family)).tuned[1:3] == rules
    assert prepare(study(tasks, discount=0.9, gae_lambda=0.5), ()).tuned[1:3] == (0.9, 0.5)


def test_whole_lifetimes_of_symbols_have_the_rules_of_all_whole_lifetimes() -> None:
    """What is shown counts in segments alone."""
    whole = study({"gymnasium": "FrozenLake-v1", "episode_steps": "auto"}, segment=False)
    assert prepare(whole, ()).tuned[1:3] == (horizon_discount(500), horizon_lambda(500))


def test_each_episode_starts_anew_where_nothing_varies() -> None:
    """The task is the environment itself, and starts differ; with `fresh_start: off` a lifetime has one start."""
    fresh, same = (make_family(study({"fresh_start": switch}).tasks) for switch in (True, False))
    assert (fresh.start_size, same.start_size) == (1, 0)
    assert not fresh.draw_tasks(torch.Generator(), 3).any()
    varied = make_family(study({"vary": {"length": {"choices": [4]}}}).tasks)
    assert varied.start_size == 1
    shown = []
    for family in (fresh, same, varied):
        draw = torch.Generator().manual_seed(0)
        tasks = family.draw_tasks(draw, 20)
        state, seen = family.first(tasks, torch.rand(20, family.start_size, generator=draw))
        _, later = family.next_episode(tasks, state, torch.rand(20, family.start_size, generator=draw))
        shown.append(torch.equal(seen, later))
    assert shown == [False, True, False]


def test_one_task_starts_alike_only_where_it_is_off() -> None:
    """Of a single environment `on` and `random_start` start each episode anew, `off` starts all of them alike."""
    of = study().model_copy()
    data = of.resolved()
    data["ingredients"] = data["ingredients"] | {"task_distribution": [True, False, "random_start"], "memory": [True]}
    of = parse_study(data, "test")
    some = [run for run in runs(of) if run.cell.reward_observation]
    ongoing = Ongoing(some, make_family(of.tasks), LANES)
    starts = [ongoing.places.starts.copy()]
    for _ in range(8):
        ongoing.step(np.zeros((len(some), LANES, 1), np.float32))
    starts.append(ongoing.places.starts)
    changed = [bool((after != before).all()) for before, after in zip(*starts, strict=True)]
    assert changed == [True, False, True]


def test_lanes_part_where_every_episode_takes_its_whole_time() -> None:
    """An update then has all moments of an episode: each lane is at another. Who goes left never arrives."""
    setup = prepare(study(), runs(study())[:1])
    lanes = Ongoing(setup.runs, setup.family, LANES)
    ends = []
    for _ in range(4 * 8):
        came = lanes.step(np.zeros((1, LANES, 1), np.float32))
        ends.append(came.ended[0])
        assert not came.terminated.any()
    assert len(set(lanes.places.step[0].tolist())) == LANES
    assert np.stack(ends).sum(0).tolist() == [4, 4, 4, 4]
    assert len({column.tobytes() for column in np.stack(ends).T}) == LANES


def test_advantages_of_a_critic_that_foresees_all_are_not_blown_up() -> None:
    """They have deviation 1 where much is open, less below a tenth of that of the return; each run alone."""
    drawn = torch.randn(2, 3, 16, 8, generator=torch.Generator().manual_seed(0))
    sized = drawn * torch.tensor([2.0, 0.05, 0.001]).view(1, 3, 1, 1)
    spread = segment_learning._normalised(sized).transpose(0, 1).flatten(1).std(1, correction=0)
    one = drawn.transpose(0, 1).flatten(1).std(1, correction=0)
    assert torch.allclose(spread, torch.stack([one.new_ones(()), one[1] * 0.5, one[2] * 0.01]), atol=1e-4)
