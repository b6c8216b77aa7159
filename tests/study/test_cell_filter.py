"""`--cells`: which cells a filter lets through, and what is said about a wrong one."""

from __future__ import annotations

from typing import Any

import pytest

from ingredients.cell_filter import filter_of, select_cells
from ingredients.errors import UsageError
from ingredients.grid import cells
from ingredients.study import Study, parse_study

TASKS = {"family": "bernoulli-bandit", "arms": 2, "episodes": 10}


def study_of(**changes: Any) -> Study:  # noqa: ANN401 -- sections of a study
    """Returns a study on two arms with some sections replaced."""
    return parse_study({"name": "x", "tasks": TASKS, "ingredients": {}, "seeds": 2, **changes}, "x.yaml")


@pytest.mark.parametrize(
    ("expression", "count"),
    [
        ("memory=on", 8),
        ("memory=on,reward_observation=off", 4),
        (" memory = on , task_distribution = 64 ", 4),
        ("memory=true", 8),
        ("memory=gru", 8),
        ("memory=wipe_every=4", 8),
        ("memory={wipe_every: 4}", 8),
        ("memory=on,memory={wipe_every: 4}", 16),
        ("memory=on,reward_observation=off,memory=wipe_every=4", 8),
        ("task_distribution=64,memory=on,reward_observation=on,action_observation=1.0", 1),
    ],
)
def test_a_filter_selects_cells_in_grid_order(expression: str, count: int) -> None:
    """Each ingredient named halves this grid, however its level is spelled; levels of one are alternatives."""
    study = study_of(ingredients={"memory": [{"wipe_every": 4}, True], "task_distribution": [64, True]})
    chosen = select_cells(study, expression)
    assert len(chosen) == count
    assert [cell for cell in cells(study) if cell in chosen] == list(chosen)


@pytest.mark.parametrize(
    "expression", ["memory=wipe_every=4", "task_distribution=64,reward_observation=on", "memory=on"]
)
def test_a_filter_is_written_that_selects_these_cells(expression: str) -> None:
    """Ingredients of which all levels are chosen are not named, and no filter is needed for all cells."""
    study = study_of(ingredients={"memory": [{"wipe_every": 4}, True], "task_distribution": [64, True]})
    chosen = select_cells(study, expression)
    assert select_cells(study, filter_of(study, chosen)) == chosen
    assert filter_of(study, chosen).count("=") <= expression.count("=")
    assert filter_of(study, cells(study)) == ""


@pytest.mark.parametrize(
    ("expression", "levels"),
    [
        ("memory=lstm", ["lstm"]),
        ("memory=lstm-off", ["lstm-off"]),
        ("memory=off", ["off"]),
        ("memory=transformer", ["on"]),
        ("memory=transformer-off", ["off"]),
        ("memory=none-off", ["none"]),
        ("memory = lab.memories:Net-off", ["lab.memories:Net-off"]),
    ],
)
def test_a_filter_knows_kinds_of_memory(expression: str, levels: list[str]) -> None:
    """A kind selects its own cells, its sibling by its own name; the agent's kind is on."""
    one_each = {"reward_observation": [True], "action_observation": [True], "task_distribution": [True]}
    kinds = {**one_each, "memory": [False, True, "lstm", "none", "lab.memories:Net"]}
    study = study_of(ingredients=kinds, agent={"memory": "transformer"})
    assert [cell.texts()["memory"] for cell in select_cells(study, expression)] == levels


@pytest.mark.parametrize(
    ("expression", "line"),
    [
        (
            "memry=on",
            "--cells memry=on: memry: unknown ingredient; allowed: reward_observation, action_observation, memory, "
            "task_distribution. Did you mean 'memory'?",
        ),
        (
            "memory=gruu",
            "--cells memory=gruu: memory: the study has no such level, got 'gruu'; allowed: off, on. "
            "Did you mean 'gru'?",
        ),
        (
            "memory=onn",
            "--cells memory=onn: memory: the study has no such level, got 'onn'; allowed: off, on. Did you mean 'on'?",
        ),
        (
            "memory=lstm",
            "--cells memory=lstm: memory: the study has no such level, got 'lstm'; allowed: off, on",
        ),
        ("memory=", "--cells memory=: memory: the study has no such level, got ''; allowed: off, on"),
        (
            "task_distribution=64",
            "--cells task_distribution=64: task_distribution: the study has no such level, got '64'; allowed: off, on",
        ),
        ("", "--cells : cannot be read, got ''; allowed: ingredient=level, such as memory=on, parted by commas"),
        (
            "memory=on,",
            "--cells memory=on,: cannot be read, got ''; "
            "allowed: ingredient=level, such as memory=on, parted by commas",
        ),
    ],
)
def test_a_wrong_filter_is_one_exact_line(expression: str, line: str) -> None:
    """A filter that selects nothing, or names what is not there, says what there is."""
    with pytest.raises(UsageError) as caught:
        select_cells(study_of(), expression)
    assert str(caught.value) == line
