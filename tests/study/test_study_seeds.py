"""Seeds and evaluation streams can be chosen, so that no tuning has met what scores a published study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from ingredients.errors import StudyError
from ingredients.grid import Cell, Run, differences, fingerprints, runs
from ingredients.grid_run.request import ask_for
from ingredients.references import evaluate_references
from ingredients.seeds import Purpose, generator, stream_key
from ingredients.study import Study, load_study, parse_study, smoke_sized
from ingredients.study.seeds import BEYOND_STUDIES, LAST_FIRST, MOST_SEEDS, Seeds
from ingredients.tasks import make_family
from ingredients.training.draws import evaluation_tasks
from ingredients.training.evaluation import evaluate
from ingredients.training.trainer import begin_training, prepare

ROOT = Path(__file__).parents[2]
FULL = Cell(True, True, True, True)


def study(**changes: Any) -> Study:  # noqa: ANN401 - whatever a study may hold
    """Returns a small study with some keys changed."""
    tasks = {"family": "bernoulli-bandit", "arms": 2, "episodes": 5}
    ingredients = {"reward_observation": [True], "action_observation": [True]}
    small = {"name": "t", "tasks": tasks, "ingredients": ingredients, "agent": {"hidden": 16}}
    return parse_study({**small, **changes}, "t.yaml")


def test_a_count_is_seeds_from_nought_on() -> None:
    """`seeds: 3` is 0, 1, 2, as ever, also written with first 0; `{first: 100, count: 2}` is 100, 101."""
    assert study(seeds=3).seeds == Seeds(0, 3) == study(seeds={"first": 0, "count": 3}).seeds
    assert list(study(seeds={"first": 100, "count": 2}).seeds.numbers) == [100, 101]
    assert study().seeds == Seeds(0, 5)


def test_seeds_are_written_as_they_are_read() -> None:
    """The resolved study has a count where seeds begin at 0, else both keys; it loads back to an equal study."""
    later = study(seeds={"first": 100, "count": 2})
    assert later.resolved()["seeds"] == {"first": 100, "count": 2}
    assert study(seeds=4).resolved()["seeds"] == 4
    assert parse_study(later.resolved(), "again.yaml") == later


@pytest.mark.parametrize(
    ("seeds", "what"),
    [
        (0, "out of range, got 0; allowed: 1 to 1000, or {first: 100, count: 10}"),
        (True, "must be a whole number"),
        ({"first": 100}, "seeds have two keys, first and count"),
        ({"first": -1, "count": 2}, "out of range, got -1; allowed: first: 0 to 1000000"),
        ({"first": 1, "count": 1001}, "out of range, got 1001; allowed: count: 1 to 1000"),
        ([1, 2], "must be a whole number"),
    ],
)
def test_seeds_that_are_none_are_refused(seeds: object, what: str) -> None:
    """One line says the key, the value and what is allowed."""
    with pytest.raises(StudyError) as found:
        study(seeds=seeds)
    assert str(found.value).startswith("t.yaml: seeds: ")
    assert what in str(found.value)


def test_runs_have_the_study_s_seeds() -> None:
    """Every cell is trained with each of them, seed by seed; more seeds are the same runs and further ones."""
    later = runs(study(seeds={"first": 100, "count": 2}))
    assert [run.seed for run in later] == [100] * 4 + [101] * 4
    assert runs(study(seeds={"first": 100, "count": 3}))[:8] == later
    assert {run.id for run in later}.isdisjoint(run.id for run in runs(study()))


def test_a_run_is_the_same_in_whichever_study() -> None:
    """Where seeds begin and how many there are is part of no run's fingerprint."""
    run = Run(FULL, 101)
    assert fingerprints(study(seeds={"first": 100, "count": 2}), run) == fingerprints(study(seeds=200), run)


def test_more_seeds_are_asked_for_from_the_first_on(tmp_path: Path) -> None:
    """`--seeds 4` of a study whose seeds begin at 100 asks for 100 to 103, so that finished runs count."""
    (tmp_path / "s.yaml").write_text(study(seeds={"first": 100, "count": 2}).to_yaml())
    assert ask_for(tmp_path / "s.yaml", [], False, 4, None, None).study.seeds == Seeds(100, 4)
    assert smoke_sized(study(seeds={"first": 100, "count": 9})).seeds == Seeds(100, 2)


def test_no_study_has_the_seeds_of_trained_references() -> None:
    """The last seed that a study can name is below those that references are trained with."""
    assert LAST_FIRST + MOST_SEEDS < BEYOND_STUDIES


def test_shipped_studies_have_seeds_and_tasks_that_no_choice_met() -> None:
    """Settings were chosen with seeds 0 to 13 on stream 0; but for the smoke, no study has one of them."""
    shipped = [load_study(path) for path in sorted((ROOT / "ablations").glob("*.yaml")) if path.stem != "smoke"]
    assert {each.seeds.first for each in shipped} == {100}
    assert {each.evaluation.stream for each in shipped} == {1}
    few = {each.name for each in shipped if each.seeds.count < 10}
    assert {name for name in few if not name.startswith("duan-bandits")} == {
        "memories",
        "memory-planning",
        "minigrid-hidden",
        "pendulum-hidden",
        "tabular-mdp",
        "two-arms-bayes",
        "two-arms-bayes-50",
    }
    assert min(each.seeds.count for each in shipped) == 5


def test_stream_nought_is_what_there_was() -> None:
    """Neither keys nor fingerprints tell stream 0 from the time when there was one stream; others differ."""
    assert stream_key(7, Purpose.EVALUATION_NOISE, 3) == stream_key(7, Purpose.EVALUATION_NOISE, 3, 0)
    assert stream_key(7, Purpose.EVALUATION_NOISE, 3) != stream_key(7, Purpose.EVALUATION_NOISE, 3, 1)
    plain, named, other = (study(evaluation=settings) for settings in ({}, {"stream": 0}, {"stream": 3}))
    of_plain, of_named, of_other = (fingerprints(each, Run(FULL, 0)) for each in (plain, named, other))
    assert of_plain == of_named
    assert (of_plain.trains, of_plain.judges) == (of_other.trains, of_other.judges)
    assert of_plain.evaluates != of_other.evaluates
    assert differences(plain, other) == []  # training is the same, so stored weights are evaluated again


def test_a_stream_has_its_own_tasks_and_luck() -> None:
    """Tasks of two streams differ, and so does what the same weights earn on the same tasks with their luck."""
    family = make_family(study().tasks)
    first, second = evaluation_tasks(family, 50), evaluation_tasks(family, 50, stream=1)
    assert torch.equal(first, family.draw_tasks(generator(0, Purpose.EVALUATION_TASKS), 50))
    assert not torch.equal(first, second)
    made = [prepare(study(evaluation={"stream": stream}), (Run(FULL, 0),)) for stream in (0, 0, 1)]
    weights = begin_training(made[0]).policy
    assert torch.equal(weights, begin_training(made[2]).policy)
    curves = [evaluate(setup, weights, first.unsqueeze(0)).curves["none"] for setup in made]
    assert torch.equal(curves[0], curves[1])
    assert not torch.equal(curves[0], curves[2])


def test_references_meet_the_luck_of_the_stream() -> None:
    """A simulated reference has other curves in another stream; a computed one the same, on the same tasks."""
    family = make_family(study().tasks)
    tasks = evaluation_tasks(family, 60)
    first, again, second = (evaluate_references(family, tasks, 10, 2, stream)["references"] for stream in (0, 0, 1))
    assert first == again
    assert first["thompson"]["curves"] != second["thompson"]["curves"]
    assert first["best_fixed"] == second["best_fixed"]
    blocks = first["thompson"]["returns_by_block"]
    assert [len(run) for run in blocks] == [20, 20]  # 60 tasks: blocks of three
    assert [sum(run) / 20 for run in blocks] == pytest.approx([sum(c) for c in first["thompson"]["curves"]["none"]])
    fixed = first["best_fixed"]["returns_by_block"]
    assert fixed[0] == pytest.approx([5 * float(part.mean()) for part in tasks.double().tensor_split(20)])
