"""Other people's environments behind one boundary: copied, checked, kept from what is ours, and said in one line."""

# ruff: noqa: ANN401 - what a study says of an environment is whatever YAML gives

from __future__ import annotations

import os
import random
import re
import signal
import traceback
import warnings
from ctypes import c_char
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from foreign_lives import family_of, lived
from gymnasium import spaces
from torch import Tensor

from ingredients.boundary import trail
from ingredients.boundary.failures import Failure, failure, in_short
from ingredients.boundary.guard import AllKept, Kept, same_luck, shared_luck
from ingredients.errors import StudyError
from ingredients.gyms.lane import Lane
from ingredients.gyms.readings import FARTHEST
from ingredients.gyms.spaces import sight_of
from ingredients.study import parse_study
from ingredients.tasks import lifetime, make_family
from ingredients.tasks.foreign import notice, take_failures
from ingredients.tasks.gymnasium_family import GymnasiumFamily


def made(name: str, episode_steps: int = 6, **tasks: Any) -> GymnasiumFamily:
    """Returns the family of an unruly environment."""
    return family_of(f"unruly_environments:{name}", episode_steps=episode_steps, **tasks)


def played(family: GymnasiumFamily, lanes: int = 3) -> Tensor:
    """Returns what lifetimes show and pay."""
    return lived(family, lanes=lanes)


@pytest.mark.parametrize("kind", ["row", "double", "whole", "bits", "dict", "tuple"])
def test_nothing_that_is_kept_is_somebody_elses_array(kind: str) -> None:
    """An environment that shows one object again and again gives the numbers of one that makes new ones; and scales."""
    reused, copied = (made("Reused", keywords={"kind": kind, "copy": copy}) for copy in (False, True))
    assert np.array_equal(reused.scales.gain, copied.scales.gain)
    assert torch.equal(played(reused), played(copied))
    if kind != "bits":
        assert reused.scales.gain[0] != 1.0  # there was something to scale by


@pytest.mark.parametrize("source", ["space", "numpy", "numpy seeded", "python", "torch"])
def test_luck_that_no_seed_reaches_is_made_repeatable(source: str) -> None:
    """Luck from a space or from generators that all share follows from the reset's seed, whoever stands beside it."""
    first, again = (made("Lucky", keywords={"source": source}, fresh_start=False) for _ in range(2))
    assert "it draws luck that reset(seed) does not seed" in (notice(first) or "")
    before = shared_luck()
    shown = played(first, lanes=4)
    assert same_luck(before, shared_luck())
    random.random(), np.random.random(), torch.rand(1)
    assert torch.equal(shown, played(again, lanes=4))
    assert torch.equal(shown[:, :2], played(again, lanes=2))  # nothing of it depends on the lanes beside it
    assert shown[:, 0, 0].std() > 0.1


@pytest.mark.parametrize("source", ["nowhere", "memory"])
def test_luck_that_cannot_be_repeated_is_said(source: str) -> None:
    """Two resets with one seed are compared: where and how they differ is said before anything is trained."""
    said = notice(made("Lucky", keywords={"source": source})) or ""
    assert re.search(r"two resets with one seed differ \(step 0, observation\[0\]: \S+, then \S+\): its results", said)


def test_a_well_behaved_environment_is_not_suspected() -> None:
    """Nothing is said, and nothing seeded, of an environment that draws all its luck from its own generator."""
    family = made("Tame")
    assert notice(family) is None
    assert not family.pool._recipe.seeds_all


@pytest.mark.parametrize(
    ("vary", "line"),
    [
        (
            {"choices": {"choices": [2, 8]}},
            r"vary: choices changes the action space: Discrete\(2\) with 2, .*\(8\) with",
        ),
        ({"choices": [2, 3]}, r"vary: choices changes the action space"),
        ({"torque": [0.5, 4]}, r"vary: torque changes the action space: Box\(-0.5, 0.5, .* with 0.5, Box\(-4.0, 4.0,"),
        ({"seen": {"choices": [2, 2, 3]}}, r"vary: seen changes the observation space"),
        ({"far": [1, 2.5]}, r"vary: far changes the observation space"),
        ({"hands": {"choices": [4, 5]}}, r"vary: hands is neither"),
    ],
)
def test_a_setting_that_changes_the_spaces_is_refused(vary: dict[str, Any], line: str) -> None:
    """One agent plays all tasks: in one line, by the name of the setting, with the way out."""
    with pytest.raises(StudyError, match=line) as found:
        made("Sized", vary=vary)
    assert "\n" not in str(found.value)


def test_all_tasks_may_have_another_space_than_the_default() -> None:
    """It is the spaces of the tasks that must agree, not that of an environment that none of them is."""
    assert made("Sized", vary={"choices": {"choices": [3, 3]}}).actions == 3


@pytest.mark.parametrize(("bound", "kind"), [(float(np.finfo(np.float32).max), "float32"), (1e300, "float64")])
def test_bounds_that_mean_none_are_none(bound: float, kind: str) -> None:
    """Actions of such a space are the agent's own numbers, not its numbers times 10³⁸."""
    assert bound > FARTHEST
    family = made("Wide", keywords={"bound": bound, "kind": kind})
    assert played(family)[..., -1].sum() == 3 * 30
    assert take_failures(family) == {}


def test_an_action_that_is_no_number_reaches_nobody() -> None:
    """A policy that has diverged ends its lane, by a reason, and not the environment."""
    family = made("Wide")
    tasks, start = torch.rand(2, 1), torch.rand(2, family.start_size)
    seed = int(float((start if family.start_size else tasks)[0, 0]) * 2**24)
    world = lifetime.begin(family, tasks, start)
    _, step = lifetime.proceed(family, tasks, world, torch.tensor([[np.nan, 0.0], [0.0, 0.0]]), torch.zeros(2, 0))
    assert step.terminated.tolist() == [True, False]
    assert {lane: found.line for lane, found in take_failures(family).items()} == {
        0: f"the agent's action is not finite (task seed {seed}; episode 1, step 0)"
    }


def test_what_a_study_says_cannot_be_changed() -> None:
    """Keywords, choices and options are copies for each environment and each reset; the study and its data stay."""
    config, sizes, goals = {"inner": {"size": 3}}, [4, 5], [[1, 2], [3]]
    study = parse_study(
        {
            "name": "t",
            "tasks": {
                "gymnasium": "unruly_environments:Takes",
                "keywords": {"config": config},
                "vary": {"sizes": {"choices": [sizes, [6]]}, "options.goals": {"choices": goals}},
                "episodes": 5,
                "episode_steps": 3,
            },
            "ingredients": {},
        },
        "test",
    )
    before = study.to_yaml()
    family = make_family(study.tasks)
    assert isinstance(family, GymnasiumFamily)
    lived(family)
    assert take_failures(family) == {}
    assert study.to_yaml() == before
    assert (config, sizes, goals) == ({"inner": {"size": 3}}, [4, 5], [[1, 2], [3]])


@pytest.mark.parametrize("when", ["made", "reset", "step", "close"])
def test_what_is_ours_stays_as_it_was(when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folder, types, gradients, threads, luck, numpy's errors and filters are as before, and so are the numbers."""
    monkeypatch.chdir(tmp_path)
    warnings.simplefilter("error")
    before = (os.getcwd(), torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads(), np.geterr())
    luck, filters = shared_luck(), list(warnings.filters)
    shown = played(family := made("Meddling", keywords={"when": when}))
    family.pool.close()
    after = (os.getcwd(), torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads(), np.geterr())
    assert after == before
    assert same_luck(luck, shared_luck())
    assert list(warnings.filters) == filters
    assert torch.equal(shown, played(made("Tame")))
    assert take_failures(family) == {}


ODD = {
    "only an observation": r"reset gave a dict; expected: \(observation, info\), info a dict",
    "four": r"step gave 4 parts \(dict, float, bool, dict\); expected: \(observation, reward, terminated, truncated,",
    "shape": r"step gave observation\['box'\] of shape \(3,\); expected: \(2,\), as its space says",
    "text": r"step gave observation\['box'\] of type <U4; expected: numbers, as its space Box",
    "ragged": r"step gave observation\['box'\] \[\[1.0\], \[1.0, 2.0\]\]; expected: numbers",
    "nan": r"step gave observation\['box'\]\[1\] nan; expected: a finite number",
    "huge": r"step gave observation\['box'\]\[1\] inf; expected: a finite number",
    "negative": r"step gave observation\['one'\] 1; expected: one of its space Discrete\(3, start=2\)",
    "fraction": r"step gave observation\['one'\] of type float64; expected: whole numbers",
    "beyond": r"step gave observation\['many'\] array\(\[1, 3\]\); expected: one of its space MultiDiscrete\(\[2 3\]\)",
    "missing": r"step gave observation \{'box'.*; expected: a dict with the key 'one'",
    "none": r"step gave the reward None; expected: one number",
    "two": r"step gave the reward \[1.0, 2.0\]; expected: one number",
    "word": r"step gave the reward '1.0'; expected: one number",
    "endless": r"step gave the reward inf; expected: a finite number",
    "maybe": r"step gave terminated None; expected: True or False",
    "nan end": r"step gave terminated nan; expected: True or False",
    "unspeakable": r"step raised Unspeakable: its text cannot be shown \(ValueError\)",
    "exit": r"step raised SystemExit: 3",
}


@pytest.mark.parametrize("what", ODD)
def test_what_is_wrong_is_said_by_us(what: str) -> None:
    """Which part, what was shown, what was expected, and where: task, episode and step; before anything is trained."""
    with pytest.raises(StudyError) as found:
        made("Odd", keywords={"what": what})
    place = r" \(task seed \d+; episode 1, step \d\)"
    assert re.fullmatch(rf"tasks \S+: random play failed on all 10 tasks: {ODD[what]}.*{place}", str(found.value))
    if what in ("unspeakable", "exit"):
        assert "in step" in "".join(traceback.format_exception(found.value))


def test_a_failure_says_its_place_and_keeps_its_traceback() -> None:
    """In training: the task by its settings, the episode of the lifetime, the step; the traceback is kept beside it."""
    family = made("Tame", vary={"options.goal": [0.0, 1.0]})
    tasks, start = torch.tensor([[0.25], [0.5]]), torch.zeros(2, 1)
    world = lifetime.begin(family, tasks, start)
    for _ in range(6):
        world, _ = lifetime.proceed(family, tasks, world, torch.zeros(2, dtype=torch.int64), torch.zeros(2, 0))
    world = lifetime.next_episode(family, tasks, world, start)
    vector: Any = family.pool._vector
    vector.envs[0]._lanes[1]._made.paid = lambda action: 1 / 0
    world, step = lifetime.proceed(family, tasks, world, torch.zeros(2, dtype=torch.int64), torch.zeros(2, 0))
    (found,) = take_failures(family).values()
    assert found.line == "step raised ZeroDivisionError: division by zero (task goal 0.5; episode 2, step 1)"
    assert found.traceback.startswith("Traceback (most recent call last)")
    assert "in step\n    return self.seen(), self.paid(action)" in found.traceback
    assert step.terminated.tolist() == [False, True]
    assert "ZeroDivisionError" in str(found.cause())


def test_settings_in_parts_of_an_environment_vary() -> None:
    """Attributes of attributes, entries of arrays and lists; a whole array by choices; each task its own."""
    family = made(
        "Simulated",
        vary={
            "model.opt.gravity.2": [-10.0, 0.0],
            "model.opt.timestep": {"choices": [0.1, 0.2]},
            "model.masses.1": {"choices": [3.0, 5.0]},
        },
    )
    seen = []
    for task in ([0.0, 0.0, 0.0], [0.5, 0.9, 0.9]):
        row = np.zeros(6, np.float32)
        lane: Any = unruly_lane(family)
        lane.reset(np.array(task), np.zeros(1), row)
        seen.append(row[:2].tolist())
    assert seen == [[0.0, 3.0], [15.0, 5.0]]
    whole = made("Simulated", vary={"model.opt.gravity": {"choices": [[0, 0, -1], [0, 0, -2]]}})
    row = np.zeros(6, np.float32)
    unruly_lane(whole).reset(np.array([0.9]), np.zeros(1), row)
    assert row[0] == -1.0  # -2 and a hundred time steps of .01


def unruly_lane(family: GymnasiumFamily) -> Any:
    """Returns a lane of the family's own recipe."""
    return Lane(family.pool._recipe, family.pool._knobs)


@pytest.mark.parametrize(
    ("vary", "line"),
    [
        (
            {"model.opt.gravity": [0, 1]},
            r"vary: model.opt.gravity is an array of shape \(3,\), got a range; name an entry",
        ),
        (
            {"model.opt.gravty": [0, 1]},
            r"vary: model.opt.gravty is neither a keyword of the constructor nor an attribute",
        ),
        ({"model.opt": [0, 1]}, r"vary: model.opt is neither"),
        ({"model.opt.gravity.7": [0, 1]}, r"vary: model.opt.gravity.7 is neither"),
        (
            {"model.opt.gravity": {"choices": [[1, 2], [3, 4]]}},
            r"gravity cannot be set to \[1, 2\]: ValueError: could not",
        ),
    ],
)
def test_a_part_that_cannot_vary_is_one_line(vary: dict[str, Any], line: str) -> None:
    """What is not there, what is no number, a range for an array, a value that does not fit."""
    with pytest.raises(StudyError, match=line) as found:
        made("Simulated", vary=vary)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    "space",
    [
        spaces.Box(-3, 3, (), np.float64),
        spaces.Box(0, 255, (4,), np.uint8),
        spaces.Discrete(4, start=-2),
        spaces.MultiDiscrete(np.array([[2, 3], [4, 2]]), start=np.array([[0, 1], [-1, 0]])),
        spaces.MultiBinary((2, 2)),
        spaces.Dict({"z": spaces.Discrete(3), "a": spaces.Tuple([spaces.MultiBinary(2), spaces.Box(-1, 1, (2,))])}),
    ],
)
def test_columns_are_those_of_gymnasium(space: spaces.Space[Any]) -> None:
    """A row is what `flatten` gives, for every supported space."""
    space.seed(0)
    sight = sight_of("t", space)
    for _ in range(20):
        sample = space.sample()
        assert np.array_equal(sight.read(sample), np.asarray(spaces.flatten(space, sample), np.float32))


def test_the_guard_leaves_things_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where an exception passes through, and where the folder has been deleted."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(tmp_path)
    luck = shared_luck()

    def elsewhere() -> None:
        """Draws, goes away, fails."""
        with AllKept():
            np.random.random(3)
            os.chdir("/")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        elsewhere()
    assert os.getcwd() == str(tmp_path)
    assert same_luck(luck, shared_luck())
    os.chdir(gone)
    gone.rmdir()
    with Kept():
        pass
    os.chdir(tmp_path)


def test_ctrl_c_is_no_failure_of_an_environment() -> None:
    """It belongs to whoever runs us."""
    with pytest.raises(KeyboardInterrupt):
        failure(KeyboardInterrupt(), "step")
    assert failure(ValueError("a\nb\x1b"), "step", "here") == Failure(
        "step raised ValueError: a (here)", "ValueError: a\nb\x1b"
    )
    assert in_short(KeyError("\n\n")) == "KeyError: '\\n\\n'"
    assert [in_short(error) for error in (ValueError(), SystemExit(), AssertionError(" \n "))] == [
        *("ValueError", "SystemExit", "AssertionError")
    ]


def test_only_ctrl_c_is_ours() -> None:
    """Where Ctrl-C can be heard it is; a worker is deaf to it, so one that a step raises there is the step's own."""
    with pytest.raises(KeyboardInterrupt):
        failure(KeyboardInterrupt(), "step", "here")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert failure(KeyboardInterrupt(), "step", "here").line == "step raised KeyboardInterrupt (here)"
    finally:
        signal.signal(signal.SIGINT, before)


def test_where_a_process_died_is_left_behind() -> None:
    """In a step or a reset, with its task; nothing where the environment's code had come back."""
    memory: trail.Memory = (c_char * trail.SIZE)()
    trail.leave_in(memory)
    try:
        lane, row = Lane(made("Tame").pool._recipe, ()), np.zeros(6, np.float32)
        with Kept():
            lane.reset(np.full(1, 0.5, np.float32), np.zeros(0), row, episode=1)
            assert trail.left_in(memory) == "reset (task seed 8388608; episode 2, step 0)"
            lane.step(0, row)
            lane.step(0, row)
            assert trail.left_in(memory) == "step (task seed 8388608; episode 2, step 2)"
        assert trail.left_in(memory) == ""
        trail.mark(1, trail.place("ψ" * 200))
        assert trail.left_in(memory).startswith("step (ψψψ")
    finally:
        trail.leave_in(None)


class Spaceless(gymnasium.Env[Any, Any]):
    """Has no space of observations."""

    action_space = spaces.Discrete(2)


def test_an_environment_without_a_space_is_one_line() -> None:
    """Which space it is, what stands there, and what is expected."""
    said = r"^tasks test_boundary:Spaceless: its observation_space is None; expected: a gymnasium.Space$"
    with pytest.raises(StudyError, match=said):
        family_of("test_boundary:Spaceless", episode_steps=3)
