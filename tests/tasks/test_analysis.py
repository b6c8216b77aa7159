"""What a family brings beside its program: costs of actions for the learner, an analysis for the report."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.console import Console
from synthetic import bandit_study, record, synthetic_references

from ingredients.agent.network import views
from ingredients.grid import Run, cells, runs
from ingredients.report.build import build_report
from ingredients.store import Store
from ingredients.study import Study, parse_study
from ingredients.tasks.tabular_mdp import TabularMdp
from ingredients.training.draws import TRAINING, lifetime_draws, training_tasks
from ingredients.training.evaluation import evaluate
from ingredients.training.interaction import Play
from ingredients.training.learner import prediction_gradient
from ingredients.training.rollout import collect
from ingredients.training.trainer import Setup, begin_training, prepare, train

ON = {name: [True] for name in ("reward_observation", "action_observation", "memory", "task_distribution")}
MDP = {"family": "tabular-mdp", "states": 3, "actions": 2, "episodes": 5, "episode_steps": 4}


def setup_of(tasks: dict[str, object], seeds: int = 2, **learner: object) -> Setup:
    """Returns a small stack of full cells."""
    settings = {"train_steps": 1000, "lifetimes": 8, "minibatches": 2, **learner}
    agent = {"hidden": 16}
    study = parse_study({"name": "t", "tasks": tasks, "ingredients": ON, "agent": agent, "learner": settings}, "test")
    return prepare(study, tuple(Run(cells(study)[0], seed) for seed in range(seeds)))


@pytest.mark.parametrize("expected", [True, False])
def test_the_learner_counts_costs_where_it_may_know_the_task(expected: bool) -> None:
    """With expected rewards on, what is counted is minus the cost of the action taken, and that of all is predicted."""
    setup = setup_of(MDP)
    training, tasks = begin_training(setup), training_tasks(setup.runs, setup.family, 0, 8)
    draws = lifetime_draws(setup.runs, setup.family, TRAINING, 0, 8)
    play = Play(setup.agent, setup.family, views(training.policy, setup.agent.shapes()), tasks)
    rollout = collect(play, draws, 2, expected)
    assert rollout.reward.shape == (2, 2, 20, 4)
    if not expected:
        assert torch.equal(rollout.earned, rollout.reward)
        return
    assert rollout.earned.shape == (2, 2, 20, 4, 2)
    assert torch.equal(rollout.earned.gather(-1, rollout.action.unsqueeze(-1)).squeeze(-1), rollout.reward)
    assert (rollout.earned.amax(-1) == 0).all()
    family = setup.family
    assert isinstance(family, TabularMdp)
    states = rollout.inputs[..., : family.states].argmax(-1, keepdim=True).float()
    solution = family.solve(rollout.tasks)
    for t in range(family.steps):
        assert torch.equal(rollout.earned[:, :, t], -family.costs(solution, states[:, :, t], t))


def test_prediction_of_all_actions() -> None:
    """The gradient of ½ Σ_a mean (r̂(a) − r(a))², by hand: two steps, so half of each error."""
    predicted, earned = torch.tensor([[[1.0, 2.0], [0.0, 0.0]]]), torch.tensor([[[0.0, 2.0], [0.0, 4.0]]])
    gradient = prediction_gradient(predicted.clone(), torch.zeros(1, 2, dtype=torch.int64), earned, 2.0)
    assert gradient.tolist() == [[[1.0, 0.0], [0.0, -4.0]]]


def test_training_with_costs_does_not_depend_on_the_stack() -> None:
    """A run of a tabular MDP trained beside one other or beside four has the same bytes."""
    weights = []
    for seeds in (2, 5):
        setup = setup_of(MDP, seeds, train_steps=320, reward_prediction=1)
        training = begin_training(setup)
        list(train(setup, training))
        weights.append(training.policy[:2])
    assert torch.equal(*weights)


def test_evaluation_analyses_where_the_family_does() -> None:
    """On the two-step task each run has its stay probabilities, the same whatever else is evaluated; bandits none."""
    setup = setup_of({"family": "two-step", "episodes": 6})
    policy = begin_training(setup).policy
    tasks = setup.family.draw_tasks(torch.Generator().manual_seed(0), 600).expand(2, -1, -1)
    plain, probed = evaluate(setup, policy, tasks), evaluate(setup, policy, tasks, ("memory_swap", "greedy"))
    assert len(plain.statistics) == 2
    assert plain.statistics == probed.statistics
    assert plain.statistics[0]["stay_common_rewarded"] == pytest.approx(0.5, abs=0.1)  # nothing is learned yet
    bandit = setup_of({"family": "bernoulli-bandit", "arms": 2, "episodes": 6})
    none = evaluate(
        bandit, begin_training(bandit).policy, bandit.family.draw_tasks(torch.Generator(), 9).expand(2, -1, -1)
    )
    assert none.statistics == ()


def two_step_study() -> Study:
    """Returns the full cell with two seeds."""
    tasks = {"family": "two-step", "episodes": 50}
    return bandit_study(name="two-step", tasks=tasks, ingredients=ON, seeds=2)


def test_every_report_shows_the_analysis(tmp_path: Path) -> None:
    """Numbers of runs come out as means with intervals, under a title that says what they prove and what not."""
    study = two_step_study()
    store = Store(tmp_path / "two-step").open(study)
    store.write_references(synthetic_references(50))
    for run, value in zip(runs(study), (0.4, 0.6), strict=True):
        numbers = {"interaction": value, "reward_effect": 0.1} if run.seed else {"interaction": value}
        store.write_run(replace(record(study, run), statistics=numbers))
    report = build_report(tmp_path / "two-step")
    written = json.loads((tmp_path / "two-step" / "report.json").read_text())["cells"][0]["statistics"]
    assert written["interaction"]["mean"] == pytest.approx(0.5)
    assert written["interaction"]["high"] == pytest.approx(0.5 + 12.706 * 0.1, abs=0.001)  # t of one degree of freedom
    assert written["reward_effect"] == {"mean": 0.1, "low": None, "high": None}
    console = Console(file=io.StringIO(), width=120)
    console.print(report.terminal())
    printed = console.file.getvalue() if isinstance(console.file, io.StringIO) else ""
    for text in (report.markdown, report.html, printed):
        assert "Akam et al. 2015" in " ".join(text.split())
        assert "interaction" in text
        assert "reward effect" in text
