"""Trained agents in the analysis: asked as they lived, read by decoders, stored, judged and reported."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console
from synthetic import record, write_results
from torch import Tensor

from ingredients.agent.network import views
from ingredients.agent.policy import sample
from ingredients.errors import StudyError
from ingredients.experiment.tables import Policies, evaluations
from ingredients.experiment.work import work_of_a_run
from ingredients.grid import Run, cells, fingerprints, references_fingerprint, runs
from ingredients.inner import belief
from ingredients.inner.analysis import yardsticks
from ingredients.inner.examinees import Agents, TrainedAgents
from ingredients.inner.histories import of_pulls
from ingredients.inner.models import belief_model
from ingredients.report.build import build_report
from ingredients.seeds import Purpose, generator
from ingredients.study import Study, parse_study
from ingredients.tasks.bernoulli_bandit import BernoulliBandit
from ingredients.training.trainer import Setup, begin_training, prepare

LEVELS = {"reward_observation": [0.5, True], "action_observation": [True], "memory": [False, True]}
DATA: dict[str, Any] = {
    "name": "inner",
    "tasks": {"family": "bernoulli-bandit", "arms": 2, "episodes": 6},
    "ingredients": {**LEVELS, "task_distribution": [True]},
    "seeds": 2,
    "agent": {"hidden": 16},
    "learner": {"train_steps": 600, "lifetimes": 8, "minibatches": 2},
    "evaluation": {"tasks": 32, "points": 3, "tasks_at_points": 8, "reactive_agents": 0},
}
ASKED = {**DATA, "evaluation": {**DATA["evaluation"], "analysis": "inner_algorithm"}}


def study_of(data: dict[str, Any]) -> Study:
    """Returns the study."""
    return parse_study(data, "test")


def opinionated(setup: Setup) -> Tensor:
    """Returns untrained weights whose head makes up its mind, `[S, P]`."""
    policy = begin_training(setup).policy
    views(policy, setup.agent.shapes())["head.weight"].mul_(200)
    return policy


@pytest.mark.parametrize("tasks", [DATA["tasks"], {"family": "two-step", "episodes": 6}], ids=["bandit", "two-step"])
def test_an_agent_is_shown_a_lifetime_as_it_lived_its_own(tasks: dict[str, Any]) -> None:
    """Asked along its own lifetimes it says the chances by which it acted, also where the reward is shown by half."""
    study = study_of({**DATA, "tasks": tasks})
    setup = prepare(study, tuple(Run(cell, 0) for cell in cells(study)))
    course = belief_model(setup.family).course
    agents = TrainedAgents(Agents(setup, opinionated(setup)), course)
    drawn = setup.family.draw_tasks(generator(0, Purpose.EVALUATION_TASKS), 40).expand(len(setup.runs), -1, -1)
    own = agents.lifetimes(drawn)
    chances = agents.chances(own)
    luck = agents.agents._draws(40).action
    again = torch.stack([sample(chances[:, :, t].log().float(), luck[t * course.steps]) for t in range(6)], 2)
    assert torch.equal(again, own.actions)
    assert chances.std() > 0.01


def test_decoders_read_what_is_there_and_nothing_else() -> None:
    """R² is near 1 where features hold the statistics, near 0 for noise and for the memory of another lifetime."""
    draws = torch.Generator().manual_seed(1)
    histories = of_pulls(*(torch.randint(0, 2, (1, 200, 12), generator=draws) for _ in range(2)))
    at = belief.pulls_looked_at(12)
    model = belief_model(BernoulliBandit(2, 12))
    statistics = model.posterior.statistics
    targets = model.posterior.told(model.counts(histories))[:, :, at]
    mixed = (targets / targets.std((0, 1, 2))) @ torch.randn(6, 10, generator=draws, dtype=torch.float64)
    noise = torch.randn(1, 200, len(at), 10, generator=draws, dtype=torch.float64)
    found = belief.decoded({"trained": mixed, "untrained": noise, "inputs": noise[..., :1]}, targets, statistics)
    assert all(found[f"{name}.linear.trained"] > 0.98 for name in statistics)
    assert all(found[f"{name}.network.trained"] > 0.9 for name in statistics)
    assert all(abs(found[f"{name}.linear.{source}"]) < 0.1 for name in statistics for source in ("untrained",))
    assert all(found[f"{name}.linear.shuffled"] < 0.1 for name in statistics)
    told = belief.read_off(mixed, targets, 2)
    assert (told - targets[..., :2])[:, 100:].abs().mean() < 0.02


def test_statistics_of_the_posterior() -> None:
    """Beta(3, 1) has mean .75 and variance .0375; an arm that was never pulled .5 and 1/12."""
    told = belief_model(BernoulliBandit(2, 3)).posterior.told(torch.tensor([[2, 0], [0, 0]]))
    assert told.tolist() == pytest.approx([0.75, 0.5, 0.0375, 1 / 12, 2, 0])


def test_agents_are_analysed_judged_and_reported(tmp_path: Path) -> None:
    """What stored weights show is stored with each run, and every format of the report has it."""
    study = study_of(ASKED)
    some = runs(study)
    setup = prepare(study, some)
    made = evaluations(study, setup, Policies([0, 600], [begin_training(setup).policy, opinionated(setup)]))
    store = write_results(tmp_path / "inner", study)
    for run, each in zip(some, made, strict=True):
        store.write_run(replace(record(study, run), analysis=each.analysis))
    report = build_report(tmp_path / "inner")
    found = [cell["inner_algorithm"] for cell in report.json["cells"]]
    assert len(found) == 4
    for each in found:
        assert set(each["lost"]["own"]) == {"agent", *yardsticks(BernoulliBandit(2, 6), 32).algorithms}
        assert each["lost"]["bayes"]["agent"]["mean"] > each["lost"]["bayes"]["greedy"]["mean"] > 0
        assert len(each["by_pull"]["own"]["agent"]) == 6
        assert each["belief"]["mean.linear.trained"]["mean"] > each["belief"]["mean.linear.shuffled"]["mean"]
    text = (report.directory / "report.md").read_text()
    assert "## Inner algorithm" in text
    assert "| exploring is worth | share of decisions |" in text
    assert '<section id="inner">' in (report.directory / "report.html").read_text()
    assert (report.directory / "figures" / "inner.png").exists()
    printed = io.StringIO()
    Console(file=printed, width=160).print(report.terminal())
    assert "value lost per decision" in printed.getvalue()


def test_a_study_that_does_not_ask_stores_nothing(tmp_path: Path) -> None:
    """Without the key there is no analysis, and `run.json` is what it was."""
    study = study_of(DATA)
    setup = prepare(study, runs(study)[:2])
    first = begin_training(setup).policy
    made = evaluations(study, setup, Policies([0, 600], [first, first]))
    assert [dict(each.analysis) for each in made] == [{}, {}]
    store = write_results(tmp_path / "plain", study)
    assert "analysis" not in store.read_run_json(runs(study)[0])


def test_the_work_of_the_analysis_by_hand() -> None:
    """32 lifetimes of 6 pulls: lived, shown in two places, both again, in 4 orders, decoded at 3 points."""
    asked, plain = work_of_a_run(study_of(ASKED)), work_of_a_run(study_of(DATA))
    assert (asked.trained, asked.played - plain.played) == (plain.trained, 32 * 6 * (1 + 2 + 2 + 4 + 3))


def test_what_has_no_known_values_is_refused() -> None:
    """Another family, forced pulls, and too many counts are refused in one line that names the key."""
    for tasks, said in (
        (
            {"family": "gaussian-bandit", "arms": 2, "episodes": 10},
            "use family bernoulli-bandit, dependent-bandit or two-step",
        ),
        ({"family": "bernoulli-bandit", "arms": 2, "episodes": 10, "forced_pulls": 5}, "pulls are forced"),
        ({"family": "bernoulli-bandit", "arms": 5, "episodes": 500}, "allowed: at most 10 arms and 100 pulls"),
        ({"family": "bernoulli-bandit", "arms": 11, "episodes": 50}, "it has 11 arms and 50 pulls"),
        ({"family": "two-step", "episodes": 20, "reversal": 0.025}, "set tasks.reversal to 0"),
    ):
        with pytest.raises(StudyError, match=r"evaluation\.analysis") as refused:
            study_of({**ASKED, "tasks": tasks})
        assert said in str(refused.value)


def test_the_analysis_changes_what_evaluates_and_nothing_else() -> None:
    """Runs stored before keep their weights, and without the key their whole evaluation; references are kept too."""
    plain, asked = study_of(DATA), study_of(ASKED)
    run = Run(cells(plain)[0], 0)
    one, other = fingerprints(plain, run), fingerprints(asked, run)
    assert (one.trains, one.judges) == (other.trains, other.judges)
    assert one.evaluates != other.evaluates
    assert references_fingerprint(plain) == references_fingerprint(asked)
