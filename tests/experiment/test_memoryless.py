"""Memoryless agents are trained with the references, so that every cell without memory has a ceiling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from judgement_cases import FULL, cell, jittered, judge, judge_stored, reference, references, shaped

from ingredients.experiment import combinations, memoryless_agents, memoryless_steps
from ingredients.experiment.memoryless import add_memoryless, best_known
from ingredients.experiment.stack import run_references
from ingredients.grid import Run, cells, fingerprints, references_fingerprint
from ingredients.grid_run.jobs import references_needed, remaining
from ingredients.references import evaluate_references
from ingredients.store import Store
from ingredients.study import Study, load_study, parse_study, smoke_sized
from ingredients.tasks import make_family
from ingredients.training.draws import evaluation_tasks

ROOT = Path(__file__).parents[2]
LEAK = {"leak": 0.9, "low": 0.8, "high": 1.0, "accuracy": 0.9, "base_rate": 0.5, "classes": 2, "leaks": True}
NO_MEMORY = FULL.lacking("memory")


def study(agents: int | str, **changes: Any) -> Study:  # noqa: ANN401 - whatever a study may hold
    """Returns a small study on two arms whose memoryless agents are so many."""
    small = {
        "name": "t",
        "tasks": {"family": "bernoulli-bandit", "arms": 2, "episodes": 10},
        "ingredients": {"reward_observation": [True], "action_observation": [True], "memory": [False, True]},
        "agent": {"hidden": 16},
        "learner": {"train_steps": 30_000, "lifetimes": 32},
        "evaluation": {"tasks": 400, "tasks_at_points": 40, "reactive_agents": agents},
        "seeds": 2,
    }
    return parse_study({**small, **changes}, "t.yaml")


def test_they_are_shown_what_cells_are_shown() -> None:
    """One combination for each that the grid has, and both channels always, for the hurdle; graded levels have none."""
    on, both = {"reward_observation": [True], "action_observation": [True]}, (True, True)
    assert combinations(study(1, ingredients=on)) == (both,)
    assert combinations(study(1, ingredients={})) == (both, (True, False), (False, True), (False, False))
    graded = {"reward_observation": [0.5], "action_observation": [False]}
    assert combinations(study(1, ingredients=graded)) == (both,)


def test_they_take_a_quarter_of_the_training_at_most() -> None:
    """The flagship has three agents for each of four combinations; a grid of a few runs has none unless asked to."""
    flagship = load_study(ROOT / "ablations" / "bandit.yaml")
    assert (memoryless_agents(flagship), memoryless_steps(flagship)) == (3, 12 * 900_000)
    assert memoryless_agents(study("auto", ingredients={"memory": [True]}, seeds=1)) == 0
    for seeds in range(1, 60, 7):
        some = study("auto", seeds=seeds)
        assert memoryless_steps(some) <= 0.25 * len(cells(some)) * seeds * some.learner.train_steps
    assert memoryless_agents(study(2)) == 2
    assert memoryless_agents(smoke_sized(flagship)) == 0


def test_plan_counts_them(tmp_path: Path) -> None:
    """What remains to be trained holds their steps; another number of them makes other references, not other runs."""
    asked, other = study(2), study(1)
    store = Store(tmp_path / "r")
    store.open(asked)
    assert remaining(asked, store, cells(asked)).reference_steps == 2 * 45_000
    assert fingerprints(asked, Run(FULL, 0)) == fingerprints(other, Run(FULL, 0))
    assert references_fingerprint(asked) != references_fingerprint(other)


def test_the_best_known_is_at_least_what_those_who_see_less_earn() -> None:
    """Agents shown both channels may ignore one, so a lucky agent shown less counts for them, too."""

    def entry(earned: float) -> dict[str, Any]:
        return {"curves": {"none": [[earned, earned]]}}

    earned = {"reactive": 3.0, "trained_reactive": 2.0, "trained_action_only": 4.0, "trained_observation_only": 1.0}
    entries = {name: entry(each) for name, each in earned.items()}
    played = {"reactive": "reactive", "references": entries}
    assert best_known(played) == {
        "both": "trained_action_only",
        "reward": "trained_observation_only",
        "action": "trained_action_only",
        "neither": "trained_observation_only",
    }
    proven = {"reactive": "reactive", "references": {**entries, "reactive": entry(3.0) | {"exact": True}}}
    assert best_known(proven)["both"] == "reactive"
    assert best_known({"reactive": None, "references": {}}) == {}


@pytest.mark.usefixtures("small_measures")
def test_an_agent_is_as_good_as_the_policy_that_was_found(tmp_path: Path) -> None:
    """On two arms it comes within .1 of win-stay-lose-shift, has its own luck, and is stored whole."""
    asked = study(2)
    Store(tmp_path / "r").open(asked)
    run_references(asked, tmp_path / "r", "cpu", lambda _: None)
    stored = Store(tmp_path / "r").read_references()
    assert stored is not None
    assert not references_needed(asked, Store(tmp_path / "r"))
    agent, found = stored["references"]["trained_reactive"], stored["references"]["reactive"]
    returns = [sum(curve) for curve in agent["curves"]["none"]]
    assert len(set(returns)) == 5
    assert returns == pytest.approx([sum(found["curves"]["none"][0])] * 5, abs=0.1)
    assert agent["curves"]["memory_swap"] == agent["curves"]["none"]
    assert [len(run) for run in agent["returns_by_block"]] == [20] * 5
    assert stored["memoryless"]["both"] == stored["reactive"]
    assert len(stored["at_points"]["trained_reactive"]) == 10
    blocks = agent["blocks"]["none"]
    assert sum(map(sum, blocks)) / 20 == pytest.approx(sum(returns) / 5)


def test_where_the_environment_is_a_memory_it_is_no_hurdle() -> None:
    """A memoryless agent that can write may do as well as any; it is the ceiling of its cell all the same."""
    tasks = {"family": "interval-reproduction", "episodes": 5, "episode_steps": 6, "position_shown": True}
    asked = study(1, tasks=tasks, learner={"train_steps": 2_000, "lifetimes": 16})
    family = make_family(asked.tasks)
    of_study = evaluation_tasks(family, 40)
    played = evaluate_references(family, of_study, 10)
    add_memoryless(asked, family, of_study, played, "cpu", lambda _: None)
    assert played["reactive"] is None
    assert played["memoryless"]["both"] == "trained_reactive"


def leaking(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever references.json may hold
    """Returns references of an environment that leaks its reward, with agents that were trained without memory."""
    stored = references() | {"leakage": {"reward": {**LEAK, "reason": None}, "action": {**LEAK, "reason": None}}}
    stored["references"] |= {"trained_observation_only": reference(0.1, 0.3)}
    return {**stored, "memoryless": {"both": "reactive", "neither": "trained_observation_only"}, **changes}


def test_cells_have_ceilings_where_the_environment_leaks() -> None:
    """Without memory it is the best known on what is shown; with memory the yardstick bounds it, whatever leaks."""
    blind = NO_MEMORY.lacking("reward_observation").lacking("action_observation")
    whole = FULL.lacking("reward_observation").lacking("action_observation")
    found = judge_stored([shaped(blind, "none"), shaped(whole, "in-context")], leaking()).cells
    without, with_memory = (result.ceiling for result in found)
    assert without is not None
    assert with_memory is not None
    assert (without.reference, without.method) == ("trained_observation_only", "best_found")
    assert "what the environment shows" in without.information
    assert (with_memory.reference, with_memory.method) == ("bayes_optimal", "bound")


def test_a_cell_below_its_ceiling_is_flagged_where_the_environment_leaks() -> None:
    """An agent without memory that earns nothing, where another earned .5, is said not to have learned."""
    stored = leaking(memoryless={"both": "reactive"})
    (found,) = judge_stored([shaped(NO_MEMORY, "none")], stored).cells
    assert any(warning.startswith("not learned: ") for warning in found.warnings)


def test_a_cell_above_its_ceiling_is_said() -> None:
    """Runs without memory that earn more than the best policy known without it show that there is a better one."""
    above = cell(NO_MEMORY, jittered(0.8))
    assert any(warning.startswith("above its ceiling: ") for warning in judge(above).cells[0].warnings)
    below = cell(NO_MEMORY, jittered(0.2))
    assert not any("above its ceiling" in warning for warning in judge(below).cells[0].warnings)


def test_a_bound_that_is_the_hurdle_shows_nothing_of_information() -> None:
    """That memory is needed by information would compare the best policy found with itself; a proven one shows it."""
    grid = [shaped(FULL, "in-context"), shaped(NO_MEMORY, "reactive")]
    found = judge(*grid).ingredients["memory"]
    assert (found.necessary, found.because) == (True, "definition")
    proven = {**references()["references"]["reactive"], "exact": True}
    exact = judge(*grid, changes={"reactive": proven}).ingredients["memory"]
    assert (exact.necessary, exact.because) == (True, "information")
