"""Any Gymnasium environment as tasks: lanes, lifetimes, what varies, what is refused, what happens when one raises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from foreign_lives import family_of, lived, tasks_of
from gymnasium import spaces

from ingredients.errors import StudyError
from ingredients.experiment import Progress
from ingredients.experiment.stack import run_references, run_stack
from ingredients.grid import Stack, runs
from ingredients.grid_run.jobs import references_needed
from ingredients.gyms.actions import reach_of
from ingredients.store import Store
from ingredients.study import Study, parse_study
from ingredients.tasks import lifetime, make_family
from ingredients.tasks.foreign import take_failures
from ingredients.tasks.informed import informed
from ingredients.training.draws import evaluation_tasks
from ingredients.training.evaluation import evaluate
from ingredients.training.trainer import begin_training, prepare, train

CORRIDOR = "others_environments:Corridor"


def study_of(gymnasium_: str, tasks: dict[str, object] | None = None, **sections: object) -> Study:
    """Returns a study that trains in a second."""
    small: dict[str, object] = {
        "name": "t",
        "tasks": {"gymnasium": gymnasium_, "episodes": 5, "episode_steps": 4, **(tasks or {})},
        "ingredients": {"action_observation": [True], "memory": [True], "task_distribution": [True]},
        "seeds": 2,
        "agent": {"hidden": 16},
        "learner": {"lifetimes": 4, "minibatches": 2, "epochs": 1, "train_steps": 200},
        "evaluation": {"tasks": 6, "points": 2, "tasks_at_points": 4},
    }
    return parse_study({**small, **sections}, "test")


@pytest.mark.parametrize(
    ("name", "size", "actions", "continuous", "steps"),
    [
        ("CartPole-v1", 4, 2, False, 500),
        ("Pendulum-v1", 3, 1, True, 200),
        ("FrozenLake-v1", 16, 4, False, 100),
        ("Taxi-v4", 500, 6, False, 200),
        ("Blackjack-v1", 32 + 11 + 2, 2, False, 100),
        (CORRIDOR, 1, 2, False, 100),
    ],
)
def test_spaces_become_numbers(name: str, size: int, actions: int, continuous: bool, steps: int) -> None:
    """Boxes, choices and tuples are flattened and scaled, actions chosen or stretched; an episode has a limit."""
    family = family_of(name)
    assert (family.observation_size, family.actions, family.continuous) == (size, actions, continuous)
    assert family.episode_steps == steps
    seen = lived(family, steps=20)
    assert seen.shape == (20, 3, size + 1)
    assert seen[..., :-1].abs().max() <= 10
    assert torch.equal(seen, lived(family_of(name), steps=20))
    assert take_failures(family) == {}


def test_a_lane_is_the_environment_itself() -> None:
    """With seeds as tasks a lifetime repeats one episode: the numbers are those of Gymnasium, scaled."""
    family, again = (family_of("Pendulum-v1", episode_steps=5, fresh_start=False) for _ in range(2))
    shown = lived(again, lanes=2)
    environment = gymnasium.make("Pendulum-v1")
    for lane, task in enumerate(tasks_of(family, 2)):
        for episode in range(2):
            environment.reset(seed=int(float(task[0]) * 2**24))
            for t in range(5):
                observation, reward, *_ = environment.step(np.array([0.6], np.float32))  # 0.3 of the bound 2
                seen = shown[5 * episode + t, lane]
                scaled = torch.from_numpy(observation) / torch.tensor([1.0, 1.0, 8.0])
                assert torch.allclose(seen[:3], scaled, atol=1e-6)
                assert float(seen[3]) == pytest.approx(float(reward), rel=1e-5)
    assert family.reward_scale == pytest.approx(1 / 16.3, rel=0.2)  # what the agent feels; curves stay raw


def test_what_varies_is_drawn_for_each_task() -> None:
    """A keyword makes the environment anew, an attribute is set, an option is handed to reset; whole where it is."""
    family = family_of(
        CORRIDOR,
        vary={"slope": [0.0, 1.0], "goal": [2, 3], "options.goal": {"choices": [5]} | {"choices": [5, 6]}},
        episode_steps=8,
    )
    tasks = torch.tensor([[0.25, 0.0, 0.0], [0.75, 0.99, 0.99]])
    world = lifetime.begin(family, tasks, torch.zeros(2, 1))
    rewards, ends = [], []
    for _ in range(8):
        world, step = lifetime.proceed(family, tasks, world, torch.ones(2, dtype=torch.int64), torch.zeros(2, 0))
        rewards.append(step.reward.tolist())
        ends.append(step.terminated.tolist())
    assert rewards[0] == [-1.25, -1.75]
    first_ends = [[row[lane] for row in ends].index(True) for lane in range(2)]
    assert first_ends[1] == first_ends[0] + 1  # goals 5 and 6 from the same start
    assert rewards[-1] == [0.0, 0.0]  # waiting
    assert (family.task_size, family.start_size, family.held_out) == (3, 1, True)
    assert not family_of(CORRIDOR, vary={"goal": {"choices": [2, 3]}}).held_out


def test_attributes_vary_in_third_party_environments() -> None:
    """Gravity is an attribute of CartPole; two tasks that differ in it alone part ways."""
    family = family_of("CartPole-v1", vary={"gravity": [5, 15]}, episode_steps=10)
    tasks, start = torch.tensor([[0.0], [0.999]]), torch.full((2, 1), 0.5)
    world = lifetime.begin(family, tasks, start)
    assert torch.equal(world.observation[0], world.observation[1])
    for _ in range(5):
        world, _ = lifetime.proceed(family, tasks, world, torch.ones(2, dtype=torch.int64), torch.zeros(2, 0))
    assert not torch.equal(world.observation[0], world.observation[1])


@pytest.mark.parametrize(
    ("tasks", "line"),
    [
        (
            {"gymnasium": "CartPol-v1"},
            "tasks CartPol-v1: Gymnasium knows no such environment. Did you mean 'CartPole-v1'?",
        ),
        (
            {"gymnasium": "Taxi-v3"},
            r"tasks Taxi-v3: Gymnasium \S+ does not have this version of it. .* mean 'Taxi-v4'\?",
        ),
        ({"gymnasium": "CartPole-v1", "vary": {"gravty": [5, 15]}}, "vary: gravty is neither .* mean 'gravity'?"),
        ({"gymnasium": "CartPole-v1", "keywords": {"colour": 3}}, "cannot be made with {'colour': 3}: .*"),
        ({"gymnasium": "others_environments:Roads"}, "space map: Graph are not supported; .*wrappers: "),
        ({"gymnasium": "others_environments:ManyHands"}, "1600 joint choices .*; allowed: at most 1024"),
        ({"gymnasium": "others_environments:Corridr"}, "has no Corridr. Did you mean 'Corridor'?"),
        ({"gymnasium": "others_environments:nothing"}, "gives no gymnasium.Env, but a int"),
        (
            {"gymnasium": "others_environments:NotFinite"},
            "random play failed on all 10 tasks: step gave observation nan; expected: a finite",
        ),
        ({"gymnasium": "nowhere_at_all:Env"}, "cannot be imported: ModuleNotFoundError: .*"),
    ],
)
def test_what_cannot_be_trained_in_is_one_line(tasks: dict[str, Any], line: str) -> None:
    """Before anything is trained, by name, with what is known and the way out."""
    with pytest.raises(StudyError, match=line) as found:
        family_of(tasks.pop("gymnasium"), **tasks)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("space", "chosen", "actions"),
    [
        (spaces.Discrete(3, start=5), [[0], [2]], [5, 7]),
        (spaces.MultiDiscrete([2, 3]), [[0], [5]], [[0, 0], [1, 2]]),
        (spaces.MultiDiscrete(np.array([[2], [3]])), [[4]], [[[1], [1]]]),
        (spaces.MultiBinary(3), [[1], [6]], [[0, 0, 1], [1, 1, 0]]),
        (spaces.MultiDiscrete([2, 2], start=[3, -1]), [[1], [2]], [[3, 0], [4, -1]]),
        (spaces.Box(-1, 1, (1, 2), np.int8), [[0], [5]], [[[-1, -1]], [[0, 1]]]),
        (spaces.Box(0.0, 4.0, (1,)), [[-1.0], [0.5], [2.0]], [[0.0], [3.0], [4.0]]),
        (spaces.Box(0.0, 4.0, (2, 1)), [[-1.0, 0.5]], [[[0.0], [3.0]]]),
        (
            spaces.Box(np.array([-2, -np.inf], np.float32), np.array([2, np.inf], np.float32)),
            [[0.5, 7.0]],
            [[1.0, 7.0]],
        ),
    ],
)
def test_choices_and_vectors_become_actions(space: spaces.Space[Any], chosen: Any, actions: Any) -> None:  # noqa: ANN401
    """By hand, for some lanes at once; each is an action that the space holds."""
    taken = reach_of("t", space).taken(np.array(chosen, np.float32))
    assert np.asarray(taken).tolist() == actions
    assert all(space.contains(action) for action in taken)


def test_wrappers_and_keywords_are_taken() -> None:
    """A wrapper changes what is shown; a function that makes an environment is given keywords."""
    family = family_of("CartPole-v1", wrappers=["gymnasium.wrappers:NormalizeObservation"])
    assert family.observation_size == 4
    assert family_of("others_environments:made", keywords={"length": 7}).actions == 2


def test_probes_come_back_to_an_episodes_start() -> None:
    """A swap of a memory that is not used changes nothing: the branch's environments are those of the plain half."""
    study = study_of(CORRIDOR, {"vary": {"options.goal": [2, 6]}})
    setup = prepare(study, runs(study)[:1])
    policy = torch.zeros_like(begin_training(setup).policy)
    tasks = evaluation_tasks(setup.family, 40).unsqueeze(0)
    found = evaluate(setup, policy, tasks, ("memory_swap", "memory_wipe", "reward_yoke")).curves
    for probe in ("memory_swap", "memory_wipe", "reward_yoke"):
        assert torch.equal(found[probe], found["none"])
    assert found["none"].abs().sum() > 0
    again = evaluate(setup, policy, tasks).curves["none"]
    assert torch.equal(again, found["none"])


def test_an_environment_that_raises_fails_its_run_alone(tmp_path: Path) -> None:
    """The failed run is named with its reason; the other is the same to the bit as where nothing failed."""
    study = study_of(CORRIDOR)
    both, alone = prepare(study, runs(study)[:2]), prepare(study, runs(study)[1:2])
    plain = begin_training(alone)
    list(train(alone, plain))
    family: Any = both.family
    step = family.pool.step
    broken: list[bool] = []

    def breaks(actions: Any) -> Any:  # noqa: ANN401 - as the pool's own
        """Lets the second lane of the first run raise once, for real: its environment has lost its goal."""
        if not broken:
            bundle = family.pool._vector.envs[0]
            del bundle._lanes[1]._made.unwrapped.goal
            broken.append(True)
        return step(actions)

    family.pool.step = breaks
    training = begin_training(both)
    list(train(both, training))
    assert training.alive.tolist() == [False, True]
    (reason,) = training.failed.values()
    assert reason.startswith("its environment failed: step raised AttributeError: 'Corridor' object has no attribute")
    assert reason.endswith("(train step 80)")
    assert torch.equal(training.policy[1:], plain.policy)


def test_a_run_that_fails_is_stored_as_failed(tmp_path: Path) -> None:
    """Where the evaluation meets a task on which the environment raises, runs are counted as failed, and why."""
    vary = {"slope": {"choices": [0.0, 0.0, 0.0, 1.0]}, "options.goal": [2, 6]}
    study = study_of("others_environments:Raising", {"vary": vary})
    store = Store(tmp_path / "r").open(study)
    found = run_stack(study, Stack(0, runs(study)), tmp_path / "r", "cpu", 30.0, _silent)
    assert set(store.states(study).values()) == {"failed"}
    assert len(found) == 4
    assert all("raised ZeroDivisionError: the corridor" in reason for reason in found.values())


@pytest.mark.usefixtures("small_measures")
def test_the_informed_agent_is_the_yardstick(tmp_path: Path) -> None:
    """It sees ψ, is trained with every seed of the study, and stands in references.json beside the random policy."""
    study = study_of("CartPole-v1", {"vary": {"gravity": [5, 15]}, "episode_steps": 10})
    plain = make_family(study.tasks)
    shown = informed(plain)
    tasks = evaluation_tasks(plain, 3)
    assert torch.equal(shown.first(tasks, torch.zeros(3, 1))[1][:, 4:], tasks)
    store = Store(tmp_path / "r").open(study)
    told: list[Progress] = []
    run_references(study, tmp_path / "r", "cpu", told.append)
    references = store.read_references()
    assert references is not None
    assert (references["floor"], references["reactive"], references["yardstick"]) == ("random", None, "informed")
    curves = references["references"]["informed"]["curves"]
    assert {name: np.shape(curve) for name, curve in curves.items()} == {"none": (2, 5), "memory_swap": (2, 5)}
    assert all(8 < value <= 10 for curve in curves["none"] for value in curve)  # no pole falls in eight steps
    assert np.shape(references["at_points"]["informed"]) == (5,)
    trained = [each for each in told if each.train_steps]
    assert trained[-1].env_steps == 2 * trained[-1].train_step == 400
    assert {each.doing for each in trained} == {"training the informed agent"}
    played, decoded = ([each for each in told if each.doing.startswith(part)] for part in ("playing", "measuring"))
    assert [each.doing.partition(", ")[2] for each in decoded] == [f"{so_far} of 8 decoders" for so_far in range(9)]
    assert (decoded[0].part_seconds_left, decoded[-1].part_seconds_left) == (None, 0.0)
    assert played[-1].doing == "playing known policies, 50 of 50 lifetimes"


@pytest.mark.usefixtures("small_measures")
def test_seeds_that_are_added_train_their_informed_agents(tmp_path: Path) -> None:
    """Two seeds lack nothing, and three lack one agent; the first two come out as before, and so does the floor."""
    study = study_of(CORRIDOR, {"vary": {"options.goal": [2, 6]}, "episode_steps": 4})
    more = parse_study({**study.resolved(), "seeds": 3}, "test")
    kept = {}
    for asked in (study, more):
        store = Store(tmp_path / "r").open(asked)
        assert references_needed(asked, store)
        run_references(asked, tmp_path / "r", "cpu", _silent)
        assert not references_needed(asked, store)
        kept[asked.seeds.count] = (store.read_references() or {})["references"]
    assert not references_needed(study, store)
    few, many = (kept[count]["informed"]["curves"]["none"] for count in (2, 3))
    assert (len(few), len(many)) == (2, 3)
    assert np.allclose(few, many[:2])
    assert kept[2]["random"] == kept[3]["random"]


def test_processes_give_the_same_numbers() -> None:
    """`async` steps bundles of lanes in processes of their own, and gives what one process gives."""
    sync, many = (family_of(CORRIDOR, vectorization=how, episode_steps=4) for how in ("sync", "async"))
    try:
        assert torch.equal(lived(sync, lanes=5), lived(many, lanes=5))
    finally:
        many.pool.close()


def _silent(progress: Progress) -> None:
    del progress
