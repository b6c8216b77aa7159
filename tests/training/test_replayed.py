"""Training from recordings, without a GPU: the same bits as the loop, and nothing in it that would wait."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from replaying import Tape, unwaiting

from ingredients.agent.compiled import without_loops
from ingredients.grid import Run, cells, runs
from ingredients.study import Study, parse_study
from ingredients.tasks.foreign import steps_on_cpu
from ingredients.training import evaluation
from ingredients.training.draws import (
    EVALUATION,
    TRAINING,
    evaluation_tasks,
    lifetime_draws,
    one_start,
    random_memory,
    training_tasks,
)
from ingredients.training.luck import Source, blank_luck, draw_luck, seeds_of, shares, spread_draws, spread_training
from ingredients.training.replayed import _Bench, replayed
from ingredients.training.rollout import Rollout
from ingredients.training.staged import Stage
from ingredients.training.trainer import Training, Update, begin_training, prepare, train

BANDIT = {"family": "bernoulli-bandit", "arms": 3, "episodes": 6}
ROOM = {"family": "dark-room", "size": 3, "episodes": 5, "episode_steps": 2, "random_start": True}
ON = {"reward_observation": [True], "action_observation": [True]}
LEVELS = {
    "reward_observation": [0.5],
    "action_observation": [True],
    "memory": [False, True],
    "task_distribution": [False, 3, "random_start", "random_memory", True],
}


def study_of(tasks: dict[str, Any], memory: str = "gru", levels: dict[str, Any] | None = None) -> Study:
    """Returns a study whose stacks have five updates."""
    steps = tasks["episodes"] * tasks.get("episode_steps", 1)
    return parse_study(
        {
            "name": "t",
            "tasks": tasks,
            "ingredients": levels or ON | ({"memory": [False]} if memory == "none" else {}),
            "seeds": 2,
            "agent": {"hidden": 16, "memory": memory},
            "learner": {"lifetimes": 8, "minibatches": 2, "epochs": 2, "train_steps": 5 * 8 * steps},
            "evaluation": {"tasks": 30, "points": 2, "tasks_at_points": 10},
        },
        "test",
    )


def numbers(training: Training, updates: list[Update]) -> list[torch.Tensor]:
    """Returns all that a training has come to."""
    told = [part for update in updates for part in (*update.losses, update.gradient_norm, update.score)]
    adams = (training.policy_adam, training.critic_adam)
    moments = [part for adam in adams for part in (adam.mean, adam.square, torch.tensor(adam.count))]
    return [training.policy, training.critic, training.alive, *moments, *told]


@pytest.mark.parametrize(
    ("tasks", "memory", "levels"),
    [
        (BANDIT, "gru", LEVELS),
        (ROOM, "lstm", LEVELS),
        (BANDIT, "fast-weights", None),
        (BANDIT, "window", None),
        (BANDIT, "none", None),
        ({"family": "tabular-mdp", "states": 3, "actions": 2, "episodes": 5, "episode_steps": 2}, "gru", None),
    ],
)
def test_a_recording_gives_the_same_bits(tasks: dict[str, Any], memory: str, levels: dict[str, Any] | None) -> None:
    """Five updates, of which the first is as it is and the others are replayed: weights, moments and losses are equal.

    Whatever changes from update to update (luck, tasks, learning rate, the weight of the entropy) is read from a place.
    """
    study = study_of(tasks, memory, levels)
    setup, tape = prepare(study, runs(study)), Tape()
    looped, repeated = begin_training(setup), begin_training(setup)
    with without_loops():
        ours = numbers(looped, list(train(setup, looped)))
    theirs = numbers(repeated, list(replayed(setup, repeated, tape)))
    assert repeated.notices == []
    assert tape.plays == 2 * (setup.updates - 1) == 8
    assert [left.shape for left in ours] == [right.shape for right in theirs]
    assert all(torch.equal(left, right) for left, right in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("tasks", [BANDIT, ROOM])
def test_luck_drawn_once_a_seed_is_the_same_luck(tasks: dict[str, Any]) -> None:
    """What runs take from their seed's draws is what is drawn for each of them: tasks, uniforms, masks, memories."""
    setup = prepare(study := study_of(tasks, levels=LEVELS), runs(study))
    source = Source(setup)
    drawn = source.blank(pinned=False)
    initial = setup.agent.memory.initial_state(len(setup.runs), setup.lifetimes, setup.family.steps, torch.zeros(1))
    for update in (0, 3):
        source.draw(update, drawn)
        theirs, draws, memory = spread_training(shares(setup.runs, setup.family), drawn, initial)
        assert torch.equal(theirs, training_tasks(setup.runs, setup.family, update, setup.lifetimes))
        plain = lifetime_draws(setup.runs, setup.family, TRAINING, update, setup.lifetimes)
        plain = plain._replace(start=one_start(setup.runs, plain.start))
        assert all(torch.equal(ours, part) for ours, part in zip(draws, plain, strict=True))
        from_memory = random_memory(setup.runs, setup.agent.memory, setup.family, update, setup.lifetimes)
        assert from_memory is not None
        assert memory is not None
        assert all(torch.equal(ours, part) for ours, part in zip(memory, from_memory, strict=True))


def test_an_evaluations_luck_is_that_of_its_chunk() -> None:
    """Chunks side by side are drawn into parts of one storage, and each is what it would be alone."""
    setup = prepare(study := study_of(ROOM, levels=LEVELS), runs(study))
    seeds = seeds_of(setup.runs)
    whole = blank_luck(len(seeds), setup.family, 12, pinned=False)
    for index in range(3):
        lanes = slice(4 * index, 4 * index + 4)
        draw_luck(seeds, EVALUATION, index, type(whole)(*(part[:, :, lanes] for part in whole)))
    draws = spread_draws(shares(setup.runs, setup.family), whole)
    for index in range(3):
        alone = lifetime_draws(setup.runs, setup.family, EVALUATION, index, 4)
        for ours, part in zip(draws[:-1], alone[:-1], strict=True):
            assert torch.equal(ours[:, :, 4 * index : 4 * index + 4], part)


FAMILIES: list[dict[str, Any]] = [
    {**BANDIT, "forced_pulls": 2},
    {"family": "dependent-bandit"},
    {"family": "gaussian-bandit", "arms": 3},
    {"family": "restless-bandit"},
    {"family": "informative-bandit"},
    {"family": "causal-bandit"},
    {"family": "dark-room", "random_start": True},
    {"family": "interval-reproduction"},
    {"family": "tabular-mdp"},
    {"family": "two-step"},
]
MEMORIES = ["gru", "lstm", "fast-weights", "transitions", "transformer", "window", "none"]


@pytest.mark.parametrize(
    ("tasks", "memory"),
    [*((tasks, "gru") for tasks in FAMILIES), *((BANDIT, memory) for memory in MEMORIES)],
    ids=lambda part: part if isinstance(part, str) else part["family"],
)
def test_nothing_in_an_update_waits_for_the_device(tasks: dict[str, Any], memory: str) -> None:
    """On a device that holds nothing, a rollout and its epochs ask for no number and bring none."""
    study = study_of(tasks | {"episodes": 6}, memory)
    setup = prepare(study, (Run(cells(study)[0], 0), Run(cells(study)[-1], 0)), "meta")
    assert not steps_on_cpu(setup.family)
    bench = _Bench(setup, begin_training(setup), Tape())
    bench.lay_out(Source(setup).blank(pinned=False))
    for program in (bench._collect, bench._improve):
        program()  # at first use constants may be made
        with unwaiting():
            made = program()
        if program == bench._collect:
            assert isinstance(made, Rollout)
            bench._rollout = made


EVALUATED = [
    (BANDIT, "gru", 1),
    (ROOM, "lstm", 3),
    ({"family": "interval-reproduction", "episodes": 5}, "window", 2),
    ({"family": "two-step", "episodes": 6}, "fast-weights", 2),
]


@pytest.mark.parametrize(("tasks", "memory", "rings"), EVALUATED, ids=lambda part: str(part)[:30])
def test_chunks_side_by_side_give_the_same_curves(
    tasks: dict[str, Any], memory: str, rings: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every probe of two policies, from recordings and with several chunks at once: the luck and neighbours stay.

    There are 21 tasks in chunks of eight at most, and rings of four lanes at most.
    """
    monkeypatch.setattr(evaluation, "CHUNK_LANES", 8)
    monkeypatch.setattr(evaluation, "FEWEST_LANES", 4)
    monkeypatch.setattr(evaluation, "STATE_FLOATS", 4)
    study = study_of(tasks, memory)
    setup = prepare(study, runs(study)[:2])
    stage, probes = Stage(setup, Tape(), most_lanes=4 * rings), evaluation.probes_of(setup.family)
    for scale in (1.0, 3.0):
        policy = begin_training(setup).policy * scale
        held_out = evaluation_tasks(setup.family, 21).expand(2, -1, -1)
        staged = evaluation.evaluate(setup, policy, held_out, probes, stage)
        with without_loops():
            plain = evaluation.evaluate(setup, policy, held_out, probes)
        assert stage.notices == []
        assert torch.allclose(staged.returns, plain.returns, rtol=0, atol=1e-6)
        assert staged.curves.keys() == plain.curves.keys() == {"none", *probes}
        for name, curve in plain.curves.items():
            assert torch.allclose(staged.curves[name], curve, rtol=0, atol=1e-6), name
            assert torch.allclose(staged.blocks[name], plain.blocks[name], rtol=0, atol=1e-6), name
        for ours, theirs in zip(staged.statistics, plain.statistics, strict=True):
            assert ours == pytest.approx(theirs)
