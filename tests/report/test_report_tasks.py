"""Reports of families that differ: writable, few tasks, no reactive reference, other floors, unknown regret, leaks."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from synthetic import bandit_study, record, synthetic_references, write_results

from ingredients.grid import INGREDIENTS, Cell, Run, runs
from ingredients.report.build import Report, build_report, read_report
from ingredients.store import RunRecord, Store

FULL = Cell(True, True, True, True)
REWARD = {"leak": 0.0, "low": -0.02, "high": 0.02, "accuracy": 0.5, "base_rate": 0.5, "classes": 2}
ACTION = {"leak": 0.81, "low": 0.79, "high": 0.83, "accuracy": 0.85, "base_rate": 0.2, "classes": 5}
LEAKAGE = {"reward": {**REWARD, "leaks": False, "reason": None}, "action": {**ACTION, "leaks": True, "reason": None}}
NO_REWARD = {**dict.fromkeys(REWARD), "classes": 1, "leaks": None, "reason": "the reward never differed in random play"}
SMALL: dict[str, Any] = {
    "ingredients": {"reward_observation": [True]},
    "evaluation": {"points": 3, "tasks": 1000},
    "seeds": 5,
    "learner": {"train_steps": 30_000},
}
TINY = {**SMALL, "ingredients": {name: [True] for name in INGREDIENTS if name != "memory"}}


def stored_in_environment(made: RunRecord) -> RunRecord:
    """Returns a run whose agent notes everything in its environment: that swap costs, the memory's costs nothing."""
    curves = made.curves
    if made.run.cell == FULL:
        swap = curves[curves["probe"] == "memory_swap"]
        plain = curves[(curves["probe"] == "none") & (curves["tasks"] == "held_out")]
        plain = plain[plain["train_step"] == plain["train_step"].max()]
        noted = plain.assign(probe="memory_swap")
        curves = pd.concat([curves[curves["probe"] != "memory_swap"], noted, swap.assign(probe="environment_swap")])
    else:
        swap = curves[curves["probe"] == "memory_swap"]
        curves = pd.concat([curves, swap.assign(probe="environment_swap")])
    blocks = {**made.blocks, "environment_swap": made.blocks["memory_swap"]}
    if made.run.cell == FULL:
        blocks["memory_swap"] = made.blocks["none"]
    return replace(made, curves=curves.assign(regret=np.nan).reset_index(drop=True), blocks=blocks)


def environment_references(episodes: int) -> dict[str, Any]:
    """Returns references of a writable family with few tasks: another floor, no reactive reference, leaks measured."""
    stored = synthetic_references(episodes)
    for name in ("reactive", "reactive_reward_only"):
        del stored["references"][name], stored["at_points"][name]
    for reference in stored["references"].values():
        reference["curves"]["environment_swap"] = reference["curves"]["none"]
    about = {"writable": True, "held_out": False, "episode_steps": 12, "leakage": LEAKAGE}
    return {**stored, "floor": "random", "reactive": None, **about}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Returns the report on a writable environment, all of its files written."""
    study = bandit_study(**SMALL)
    directory = tmp_path_factory.mktemp("written") / "bandit"
    store = Store(directory).open(study)
    store.write_references(environment_references(study.tasks.episodes))
    for run in runs(study):
        store.write_run(stored_in_environment(record(study, run)))
    return build_report(directory)


def terminal(report: Report) -> str:
    """Returns the report as a wide terminal shows it."""
    console = Console(file=io.StringIO(), width=200)
    console.print(report.terminal())
    shown: str = console.file.getvalue()  # type: ignore[attr-defined]
    return shown


FACTS = [
    "a lifetime has 50 episodes of at most 12 steps each, all on one task",
    "evaluation tasks are not new, because the family has only few",
    "the agent can write on its environment, so what it wrote is swapped as its memory is",
    "reward leak: none (decoder accuracy 50%, base rate 50%)",
    "action leak: yes (decoder accuracy 85%, base rate 20%)",
]


def test_facts_of_the_tasks_are_in_every_format(written: Report) -> None:
    """The axis, what is not new, what can be written on, what leaks; raw in JSON."""
    assert written.json["facts"] == FACTS
    assert written.json["leakage"] == LEAKAGE
    assert all(fact in " ".join(terminal(written).split()) for fact in FACTS)
    assert all(fact.replace("'", "&#39;") in written.html for fact in FACTS)
    assert "- evaluation tasks are not new, because the family has only few" in written.markdown
    assert "on tasks that no run was trained on" not in written.html
    assert written.unwritten is None


def test_a_swap_of_the_environment_is_a_probe_like_others(written: Report) -> None:
    """It has a panel of its own beside the memory's, a column in the tables, a line on the terminal."""
    full = next(result for result in written.judgement.cells if result.cell == FULL)
    assert (full.verdict, full.storage) == ("in-context", "environment")
    (picture, *_) = (drawn for drawn in written.pictures if drawn.words.name == "probes")
    assert picture.words.alt.startswith("Curves under 7 interventions. memory swapped half-way: score lost")
    assert "; environment swapped half-way: score lost" in picture.words.alt
    assert '<th scope="col">environment swapped half-way</th>' in written.html
    assert "| environment swapped half-way |" in written.markdown
    assert "environment swapped half-way: score lost" in terminal(written)


def test_where_the_past_is_stored_is_said(written: Report) -> None:
    """Of a cell that holds it elsewhere than in its memory."""
    assert "all four ingredients: in-context, stored in the environment" in terminal(written)
    assert "- all four ingredients: in-context, stored in the environment" in written.markdown
    assert "tasks on, stored in the environment" in written.html


def test_deterministic_and_sampled_policies_stand_side_by_side(written: Report) -> None:
    """Each cell's late score with greedy actions is a column beside the sampled one."""
    full = next(result for result in written.judgement.cells if result.cell == FULL)
    greedy = f"{full.probes['greedy'].late.mean:.2f}"
    header = next(line for line in written.markdown.splitlines() if "greedy actions" in line)
    place = [title.strip() for title in header.split("|")].index("greedy actions")
    line = next(line for line in written.markdown.splitlines() if line.startswith("| on | on | on | on |"))
    assert line.split("|")[place].strip().startswith(greedy)
    assert '<th scope="col">late score</th><th scope="col">greedy actions</th>' in written.html


def test_unknown_regret_and_no_reactive_reference_are_no_trouble(written: Report) -> None:
    """All pictures are there, and the reference table names floor and yardstick alone."""
    assert {"adaptation", "truth_table", "full_cell", "runs", "probes"} <= {d.words.name for d in written.pictures}
    assert "floor: none" in terminal(written)
    roles = written.markdown.partition("## References")[2]
    assert [role for role in ("floor", "reactive", "yardstick") if f" {role}: " in roles] == ["floor", "yardstick"]
    table = pd.read_parquet(written.directory / "curves.parquet")
    assert table["regret"].isna().all()


def test_the_key_of_the_panels_names_the_lines_that_there_are(written: Report, tmp_path: Path) -> None:
    """No reactive reference, no dotted line; a ceiling is there where the environment can be written on, too."""
    assert "Grey: floor. Long dashes: yardstick. Green: the ceiling" in written.html
    assert "Dotted: reactive" not in written.html
    study = bandit_study(**TINY)
    write_results(tmp_path / "bandit", study)
    plain = build_report(tmp_path / "bandit").html
    assert "Grey: floor. Dotted: reactive. Long dashes: yardstick. Green: the ceiling" in plain


def test_claim_2_is_on_the_first_screen_where_it_is_tested(written: Report) -> None:
    """The action leaks, and the cell without its channel learns: that supports claim 2 and does not hurt claim 1."""
    claim = written.judgement.leak_claim
    assert claim.status == "supported"
    assert all(each in " ".join(terminal(written).split()) for each in claim.sentence.split(". "))
    assert '<span class="badge">Claim 2: supported</span>' in written.html
    assert (
        "Claim 2 of the essay (what an environment leaks of reward and action is enough) is supported"
        in written.markdown.replace("\\", "")
    )
    assert Cell(True, False, True, True) in claim.cells
    assert written.json["leak_claim"]["status"] == "supported"


def test_a_folder_of_before_leaks_were_measured_reads_as_before(tmp_path: Path) -> None:
    """Leakage is null, claim 2 is not tested, the tasks count as new, and no column is empty."""
    write_results(tmp_path / "bandit", bandit_study(**TINY))
    report = read_report(tmp_path / "bandit")
    assert report.json["leakage"] is None
    assert report.json["facts"] == ["a lifetime has 50 episodes, all on one task"]
    assert report.judgement.leak_claim.status == "not applicable"
    assert "Claim 2" not in report.markdown
    assert "environment swapped" not in report.html
    assert "on tasks that no run was trained on" in report.html


def test_an_informed_yardstick_is_labelled(tmp_path: Path) -> None:
    """The scale is that of an agent trained with the same budget, and no role of it is judged."""
    study, directory = bandit_study(**TINY), tmp_path / "bandit"
    store, stored = write_results(directory, study, references=False), synthetic_references(study.tasks.episodes)
    kept = {name: stored["references"][name] for name in ("random", "gittins")}
    informed = {"informed": {**kept["gittins"], "curves": {"none": [[0.79 + 0.001 * n] * 50 for n in range(5)]}}}
    leakage = {"reward": NO_REWARD, "action": LEAKAGE["action"]}
    roles = {"floor": "random", "reactive": None, "yardstick": "informed", "writable": False, "leakage": leakage}
    store.write_references({**roles, "references": {"random": kept["random"], **informed}})
    report = read_report(directory)
    assert report.judgement.calibration.passed
    for text in (" ".join(terminal(report).split()), report.markdown, report.html):
        assert (
            "an agent that is shown the task and trained with the same budget. It is no upper bound, so scores above 1"
            in text
        )
        assert "yardstick: shown the task" in text
    assert "nothing to decode (the reward never differed in random play)" in report.markdown.replace("\\", "")


@pytest.mark.parametrize(
    "damage", [{"leakage": {"reward": REWARD}}, {"leakage": {"reward": 1, "action": 2}}, {"episode_steps": "12"}]
)
def test_damaged_leaks_are_refused_in_one_line(tmp_path: Path, damage: dict[str, Any]) -> None:
    """The file is named, and that no run is repeated."""
    store = write_results(tmp_path / "bandit", bandit_study(**TINY), references=False)
    store.write_references({**synthetic_references(50), **damage})
    with pytest.raises(
        Exception, match=r"references\.json: damaged or altered; move it away and run the study again"
    ) as caught:
        read_report(tmp_path / "bandit")
    assert "\n" not in str(caught.value)


def test_a_run_is_named_by_its_narrow_level() -> None:
    """`random_start` is a folder's name like any level."""
    study = bandit_study(ingredients={"task_distribution": ["random_start", True]})
    ids = {run.id for run in runs(study) if run.seed == 0}
    assert Run(Cell(True, True, True, True), 0).id in ids
    assert any("tasks-random_start" in each for each in ids)
