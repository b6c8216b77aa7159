"""The grid: its order, its names, its stacks, and what changes a fingerprint."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingredients import grid
from ingredients.errors import UsageError
from ingredients.grid import (
    CODE,
    INGREDIENTS,
    STACK_RUNS,
    Cell,
    Fingerprints,
    Run,
    cells,
    differences,
    fingerprints,
    memory_kind,
    memory_kinds,
    runs,
    stacks,
    study_fingerprint,
)
from ingredients.study import LearnerSettings, MemoryKind, Study, WipeEvery, parse_study

TASKS = {"family": "bernoulli-bandit", "arms": 2, "episodes": 10}
FULL = Cell(True, True, True, True)
LSTM, LSTM_OFF, NONE = MemoryKind("lstm"), MemoryKind("lstm", carried=False), MemoryKind("none")
ONE_EACH: dict[str, list[object]] = {name: [True] for name in INGREDIENTS}


def study_of(**changes: Any) -> Study:  # noqa: ANN401 -- sections of a study
    """Returns a study on two arms with some sections replaced."""
    return parse_study({"name": "x", "tasks": TASKS, "ingredients": {}, "seeds": 2, **changes}, "x.yaml")


def test_cells_are_the_product_in_the_order_given() -> None:
    """The last ingredient varies fastest, and levels keep the order of the study."""
    study = study_of(
        ingredients={"reward_observation": [True, False], "memory": [True], "task_distribution": [8, True]}
    )
    assert cells(study) == (
        Cell(True, False, True, 8),
        Cell(True, False, True, True),
        Cell(True, True, True, 8),
        Cell(True, True, True, True),
        Cell(False, False, True, 8),
        Cell(False, False, True, True),
        Cell(False, True, True, 8),
        Cell(False, True, True, True),
    )


def test_what_the_levels_of_a_cell_mean() -> None:
    """Off, on and graded levels come out as what the trainer needs to know."""
    off, graded = Cell(False, False, False, False), Cell(0.5, 0.25, WipeEvery(4), 64)
    meanings = [(c.reward_shown, c.action_shown, c.wipe_every, c.training_tasks) for c in (off, graded, FULL)]
    assert meanings == [(0.0, 0.0, 1, 1), (0.5, 0.25, 4, 64), (1.0, 1.0, None, None)]
    assert [c.is_full for c in (off, graded, FULL)] == [False, False, True]


def test_what_a_kind_of_memory_means() -> None:
    """An LSTM is carried, its sibling and a network without memory keep nothing; none of them is the full cell."""
    kinds = [Cell(True, True, level, True) for level in (LSTM, LSTM_OFF, NONE)]
    assert [cell.wipe_every for cell in kinds] == [None, 1, 1]
    assert [cell.is_full for cell in kinds] == [False, False, False]
    study = study_of(agent={"memory": "transformer"})
    assert [memory_kind(study, cell) for cell in (*kinds, FULL, FULL.lacking("memory"))] == [
        *("lstm", "lstm", "none", "transformer", "transformer")
    ]
    several = study_of(ingredients={"memory": [False, "lstm", True, "none"]})
    assert memory_kinds(several) == ("gru", "lstm", "none")


def test_how_a_cell_is_written() -> None:
    """Texts for tables, data for JSON, a label for people."""
    cell = Cell(True, 0.5, WipeEvery(4), False)
    assert cell.texts() == {
        "reward_observation": "on",
        "action_observation": "0.5",
        "memory": "wipe_every=4",
        "task_distribution": "off",
    }
    assert cell.json() == {
        "reward_observation": True,
        "action_observation": 0.5,
        "memory": {"wipe_every": 4},
        "task_distribution": False,
    }
    assert cell.label() == "reward on · action 0.5 · memory wipe_every=4 · tasks off"
    sibling = Cell(True, True, LSTM_OFF, True)
    assert sibling.texts()["memory"] == sibling.json()["memory"] == "lstm-off"
    assert sibling.label() == "reward on · action on · memory lstm-off · tasks on"


def test_lacking_switches_one_ingredient_off() -> None:
    """A cell that lacks an ingredient differs in that level alone."""
    assert FULL.lacking("memory") == Cell(True, True, False, True)
    assert FULL.lacking("memory").lacking("memory") == FULL.lacking("memory")


@pytest.mark.parametrize(
    ("level", "off"), [(LSTM, LSTM_OFF), (LSTM_OFF, LSTM_OFF), (NONE, NONE), (WipeEvery(4), False)]
)
def test_a_kind_lacks_memory_in_its_own_architecture(level: MemoryKind, off: MemoryKind) -> None:
    """The memory-off sibling of an LSTM is an LSTM; nothing is taken from a network without memory."""
    assert Cell(True, False, level, True).lacking("memory") == Cell(True, False, off, True)
    assert Cell(True, False, level, True).lacking("reward_observation") == Cell(False, False, level, True)


def test_runs_are_seed_major_and_named() -> None:
    """The first seed's whole grid comes first, and a run's name says its cell and seed."""
    listed = runs(
        study_of(ingredients={"memory": [False, True], **{name: [True] for name in INGREDIENTS if name != "memory"}})
    )
    assert [run.id for run in listed] == [
        "reward-on_action-on_memory-off_tasks-on_seed-0",
        "reward-on_action-on_memory-on_tasks-on_seed-0",
        "reward-on_action-on_memory-off_tasks-on_seed-1",
        "reward-on_action-on_memory-on_tasks-on_seed-1",
    ]


def test_run_names_are_unique_and_safe() -> None:
    """Graded levels too give names that differ and that any file system takes."""
    graded = {
        "reward_observation": [False, 0.5, 1e-7, True],
        "memory": [False, {"wipe_every": 2}, {"wipe_every": 22}, True, "lstm", "lstm:off", "a_b.c:Net", "a.b.c:Net"],
        "task_distribution": [False, 2, 64, True],
    }
    names = [run.id for run in runs(study_of(ingredients=graded))]
    assert len(set(names)) == len(names) == 4 * 2 * 12 * 4 * 2
    assert "reward-off_action-off_memory-lstm-off_tasks-off_seed-0" in names  # the LSTM's sibling
    assert "reward-off_action-off_memory-lstm--off_tasks-off_seed-0" in names  # a class named `off` in a module `lstm`
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) for name in names)


def test_the_flagship_is_cut_into_ten_stacks_of_eight() -> None:
    """Sixteen cells times five seeds fill stacks of eight, each of one seed."""
    cut = stacks(study_of(seeds=5))
    assert [stack.index for stack in cut] == list(range(10))
    assert [len(stack.runs) for stack in cut] == [8] * 10
    assert all(len({run.seed for run in stack.runs}) == 1 for stack in cut)


def test_a_stack_is_of_one_kind_of_memory() -> None:
    """Ten runs of each kind make two stacks of five, in the order of their first runs; three of `none` make one."""
    levels = {**ONE_EACH, "memory": [False, True, "lstm", "none"]}
    cut = stacks(study_of(ingredients=levels, seeds=5))
    assert [(stack.index, [run.cell.texts()["memory"] for run in stack.runs]) for stack in cut] == [
        (0, ["off", "on", "off", "on", "off"]),
        (1, ["lstm-off", "lstm", "lstm-off", "lstm", "lstm-off"]),
        (2, ["none"] * 5),
        (3, ["on", "off", "on", "off", "on"]),
        (4, ["lstm", "lstm-off", "lstm", "lstm-off", "lstm"]),
    ]
    assert [run.seed for run in cut[3].runs] == [2, 3, 3, 4, 4]


@given(levels=st.integers(1, 5), seeds=st.integers(1, 40))
@settings(deadline=None, derandomize=True)
def test_stacks_hold_every_run_once_and_are_balanced(levels: int, seeds: int) -> None:
    """Stacks are the runs in order, none above the limit, none of one unless there is one, sizes at most one apart."""
    study = study_of(ingredients={**ONE_EACH, "task_distribution": list(range(2, 2 + levels))}, seeds=seeds)
    cut = stacks(study)
    sizes = [len(stack.runs) for stack in cut]
    assert tuple(run for stack in cut for run in stack.runs) == runs(study)
    assert max(sizes) <= STACK_RUNS
    assert max(sizes) - min(sizes) <= 1
    assert min(sizes) > 1 or len(runs(study)) == 1


def of(study: Study, cell: Cell = FULL, seed: int = 0) -> Fingerprints:
    """Returns the fingerprints of one run."""
    return fingerprints(study, Run(cell, seed))


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "y"},
        {"question": "why?"},
        {"seeds": 9},
        {"ingredients": {"memory": [True], "task_distribution": [8, True]}},
        {"learner": {"learning_rate": LearnerSettings().learning_rate, "train_steps": 600_000}},
    ],
)
def test_what_changes_no_fingerprint(changes: dict[str, Any]) -> None:
    """Name, question, number of seeds, other cells, and writing a default out leave stored runs valid."""
    assert of(study_of(**changes)) == of(study_of())
    assert study_fingerprint(study_of(**changes)) == study_fingerprint(study_of())


@pytest.mark.parametrize(
    ("changes", "changed"),
    [
        ({"tasks": {**TASKS, "arms": 3}}, {"trains", "evaluates"}),
        ({"tasks": {**TASKS, "action_noise": 0.1}}, {"trains", "evaluates"}),
        ({"agent": {"hidden": 32}}, {"trains", "evaluates"}),
        ({"agent": {"memory": "lstm"}}, {"trains", "evaluates"}),
        ({"agent": {"window": 16}}, {"trains", "evaluates"}),
        ({"learner": {"train_steps": 1000}}, {"trains", "evaluates"}),
        ({"evaluation": {"points": 3}}, {"trains", "evaluates"}),
        ({"evaluation": {"tasks": 500}}, {"evaluates"}),
        ({"evaluation": {"tasks_at_points": 64}}, {"evaluates"}),
        ({"criterion": {"gain_above": 0.2}}, {"judges"}),
        ({"criterion": {"confidence": 0.9}}, {"judges"}),
    ],
)
def test_what_changes_which_fingerprint(changes: dict[str, Any], changed: set[str]) -> None:
    """A change asks for no more than has to be done again: training, evaluation, or judgement."""
    for before, after in [
        (of(study_of()), of(study_of(**changes))),
        (study_fingerprint(study_of()), study_fingerprint(study_of(**changes))),
    ]:
        assert {
            key for key in ("trains", "evaluates", "judges") if getattr(before, key) != getattr(after, key)
        } == changed


def test_runs_of_a_study_have_their_own_fingerprints() -> None:
    """No two cells or seeds share what trains them; all share what judges them."""
    study = study_of(seeds=3, ingredients={"memory": [False, True, "lstm"]})
    prints = [fingerprints(study, run) for run in runs(study)]
    assert len({one.trains for one in prints}) == len({one.evaluates for one in prints}) == 96
    assert len({one.judges for one in prints}) == 1


def test_one_more_probe_evaluates_stored_weights_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name is in the fingerprint of what evaluates, and in no other."""
    before = study_fingerprint(study_of())
    monkeypatch.setattr(grid, "later_probes", lambda: ["reward_blank"])
    after = study_fingerprint(study_of())
    assert (before.trains, before.judges) == (after.trains, after.judges)
    assert before.evaluates != after.evaluates


def test_the_file_of_an_own_memory_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Edited, it makes other runs of its cells and of no others; nothing in it is executed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "some_package" / "inner").mkdir(parents=True)
    study, prints = study_of(), []
    own = [Cell(True, True, MemoryKind(kind), True) for kind in ("one_file:Net", "some_package.inner.other:Net")]
    for text in ("raise SystemExit", "raise SystemExit(1)"):
        for name in ("one_file.py", "some_package/__init__.py", "some_package/inner/other.py"):
            (tmp_path / name).write_text(text)
        prints.append([of(study, cell) for cell in (*own, FULL)])
    changed = [before.trains != after.trains for before, after in zip(*prints, strict=True)]
    assert changed == [True, True, False]
    assert of(study, own[0]) == of(study, own[0])


@pytest.mark.parametrize("module", ["nowhere_at_all", "json.nowhere", "sys", "json.decoder.deeper"])
def test_an_own_memory_without_a_file_is_refused(module: str) -> None:
    """One line says which module and where it was looked for."""
    with pytest.raises(UsageError, match=rf"^memory {module}:Net: there is no file of a module {module} \(looked for "):
        of(study_of(), Cell(True, True, MemoryKind(f"{module}:Net"), True))


def test_a_fingerprint_is_the_digest_of_canonical_json() -> None:
    """The digest is that of this very text: it depends on no machine, no process, and no order of keys."""
    study = study_of(agent={"hidden": 32})
    data = study.learner.model_dump(exclude={"segment"}) | {"epochs": 4, "minibatches": 4, "learning_rate": 0.01}
    learner = json.dumps(data, sort_keys=True, separators=(",", ":"))
    trained = (
        '{"agent":{"head_hidden":0,"hidden":32,"memory":"gru","window":8},'
        '"cell":{"action_observation":false,"memory":{"wipe_every":4},"reward_observation":0.5,"task_distribution":64},'
        f'"code":{CODE["trains"]},"learner":{learner},"points":12,"seed":3,'
        '"tasks":{"action_noise":0.0,"arms":2,"episodes":10,"family":"bernoulli-bandit","forced_pulls":0},'
        f'"trained by":{CODE["trains"]}}}'
    )
    found = of(study, Cell(0.5, False, WipeEvery(4), 64), seed=3)
    assert found.trains == hashlib.sha256(trained.encode()).hexdigest()
    assert (
        found.judges
        == hashlib.sha256(
            f'{{"code":{CODE["judges"]},"criterion":{{"confidence":0.95,"gain_above":0.1}}}}'.encode()
        ).hexdigest()
    )


def test_differences_name_what_makes_runs_other_runs() -> None:
    """The list says key, old and new value, of what trains and evaluates and of nothing else."""
    asked = study_of(
        name="y",
        seeds=7,
        tasks={**TASKS, "arms": 3},
        learner={"train_steps": 20_000},
        criterion={"gain_above": 0.2},
    )
    assert differences(study_of(), asked) == ["tasks.arms: 2 -> 3", "learner.train_steps: 600000 -> 20000"]
    assert differences(asked, asked) == []
