"""The commands that put results into people's hands, and that command and API do the same."""

from __future__ import annotations

import contextlib
import csv
import importlib.util
import io
import json
import re
import runpy
import sys
from pathlib import Path
from typing import Any

import gymnasium
import jsonschema
import matplotlib as mpl
import pandas as pd
import pytest
import typer
import yaml
from api_results import DATA, PULLS
from in_process import run_here
from safetensors.numpy import load_file
from typer.testing import CliRunner, Result

import ingredients as ing
from cli import app
from ingredients.errors import UsageError
from ingredients.report.schema import report_schema
from ingredients.study.schema import study_schema
from ingredients.study.yaml_text import parse
from ingredients.wrappers import ActionObservation, Lifetime, RewardObservation, new_task

ROOT = Path(__file__).parent.parent


def typed(*words: object) -> Result:
    """Returns what a command does."""
    return CliRunner().invoke(app, [str(word) for word in words])


def test_command_and_api_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One study, run by each: equal curves, equal verdicts."""
    run_here(monkeypatch, picture="trace")
    data = {**DATA, "ingredients": {name: [True] for name in ing.Study.load(DATA).ingredients.model_dump()}}
    study = tmp_path / "small.yaml"
    study.write_text(yaml.safe_dump(data), encoding="utf-8")
    done = typed("run-grid", study, "--out", tmp_path / "typed", "--workers", 1, "--format", "json")
    assert done.exit_code == 0, done.output
    assert "small: 0 of 1 run is finished" in done.stderr
    made = ing.run_grid(ing.Study.load(study), tmp_path / "called", workers=1, progress=False)
    by_command = (tmp_path / "typed" / "curves.parquet").read_bytes()
    assert by_command == (tmp_path / "called" / "curves.parquet").read_bytes()
    assert ing.load(tmp_path / "typed").json == made.json == json.loads(done.stdout)
    (shown,) = (tmp_path / "typed" / "traces").glob("page-*.csv")
    assert len(pd.read_csv(shown)) == 2 * PULLS
    assert shown.read_bytes() == (tmp_path / "called" / "traces" / shown.name).read_bytes()
    assert 'id="trace"' in (tmp_path / "typed" / "report.html").read_text(encoding="utf-8")


def test_a_trace_is_a_table_and_a_picture(small_result: ing.Result) -> None:
    """The belief beside the pulls, five lifetimes by default, both files below the folder."""
    done = typed("trace", small_result.directory, "--cell", "memory=lstm", "--format", "csv")
    assert done.exit_code == 0, done.output
    table = pd.read_csv(io.StringIO(done.stdout))
    assert len(table) == 5 * PULLS
    first = table[table["lifetime"] == 0]
    wins = first["reward"].where(first["action"] == 0, 0).sum()
    assert first["belief_0"].iloc[-1] == pytest.approx((wins + 1) / ((first["action"] == 0).sum() + 2))
    files = (small_result.directory / "traces").iterdir()
    written = sorted(path.suffix for path in files if not path.name.startswith("page-"))
    assert written == [".csv", ".png"]
    assert "all four ingredients" in typed("trace", small_result.directory, "--tasks", 1).stdout


def test_a_trace_of_what_is_not_there_is_one_line(small_result: ing.Result) -> None:
    """A cell that the study lacks, a folder that is none: exit code 2."""
    for words in (("--cell", "memory=grue"), ("--seed", "7"), ("--at", "5")):
        done = typed("trace", small_result.directory, *words)
        assert done.exit_code == 2
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1
    assert typed("trace", small_result.directory / "runs").exit_code == 2


def test_the_schema_lets_through_what_is_shipped_and_marks_mistakes() -> None:
    """All shipped and published studies are valid by it; a wrong key, a wrong level and a wrong type are not."""
    schema = json.loads(typed("schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema == study_schema()
    checked = jsonschema.Draft202012Validator(schema)
    studies = [*(ROOT / "ablations").glob("*.yaml"), *(ROOT / "results" / "published").glob("*/study.yaml")]
    for path in studies:
        assert not list(checked.iter_errors(parse(path.read_text(encoding="utf-8")))), path
    mistakes: tuple[dict[str, Any], ...] = (
        *({"seedz": 3}, {"seeds": "three"}, {"ingredients": {"memory": 3}}, {"learner": {"rate": 0.1}}),
        {"learner": {"epochs": "many"}},
    )
    for wrong in mistakes:
        assert list(checked.iter_errors({**DATA, **wrong})), wrong


def test_shipped_studies_name_their_schema() -> None:
    """Editors find it beside each study, offline; renew it by `ingredients schema > ablations/study.schema.json`."""
    named = "# yaml-language-server: $schema="
    for path in (ROOT / "ablations").glob("*.yaml"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith(named), path
        schema = json.loads((path.parent / first.removeprefix(named)).read_text(encoding="utf-8"))
        assert schema == study_schema(), "renew ablations/study.schema.json"


def test_the_schema_of_reports_describes_reports(small_result: ing.Result) -> None:
    """A report of today and the published ones of today's rule are valid by it; it knows each of their keys."""
    schema = json.loads(typed("schema", "report").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema == report_schema()
    checked = jsonschema.Draft202012Validator(schema)
    made = json.loads(json.dumps(small_result.report().json))
    assert not list(checked.iter_errors(made))
    assert set(made) == set(schema["properties"])
    parts = {"cell": made["cells"][0], "run": made["cells"][0]["runs"][0], "claim": made["claim"]}
    parts |= {"ingredient": made["ingredients"]["memory"], "reference": next(iter(made["references"].values()))}
    for name, part in parts.items():
        assert set(part) == set(schema["$defs"][name]["properties"]), name
    for path in (ROOT / "results" / "published").glob("*/report.json"):
        published = json.loads(path.read_text(encoding="utf-8"))
        if all("looks" in cell for cell in published["cells"]):
            assert not list(checked.iter_errors({**published, "schema": made["schema"]})), path
    others: tuple[dict[str, Any], ...] = (
        *({"schema": "urn:ingredients:report:0"}, {"cells": [{}]}, {"complete": "yes"}, {"runs": None}),
    )
    for other in others:
        assert list(checked.iter_errors({**made, **other})), other
    assert list(checked.iter_errors({key: part for key, part in made.items() if key != "cells"}))


def test_shipped_studies_are_listed() -> None:
    """Every shipped study with its question and what was found, in a table and as JSON."""
    rows = json.loads(typed("studies", "--format", "json").stdout)
    assert {row["name"] for row in rows} == {path.stem for path in (ROOT / "ablations").glob("*.yaml")}
    assert all(row["question"] and row["runs"] and row["steps"] and row["core_hours"] for row in rows)
    by_name = {row["name"]: row for row in csv.DictReader(io.StringIO(typed("studies", "--format", "csv").stdout))}
    assert float(by_name["bandit"]["core_hours"]) == pytest.approx(160 * 600_000 / 80_000 / 3600, rel=0.02)
    published = ROOT / "results" / "published" / "forced-pulls" / "report.json"
    found = {row["name"]: row["found"] for row in rows}
    assert json.loads(published.read_text(encoding="utf-8"))["sentence"].startswith(found["forced-pulls"])
    assert found["smoke"] is None
    shown = " ".join(typed("studies").stdout.split())
    assert "→ In-context learning" in shown


def test_the_page_of_studies_has_what_they_take() -> None:
    """Runs, steps and core hours of each study stand on docs/studies.md as the command lists them."""
    page = (ROOT / "docs" / "studies.md").read_text(encoding="utf-8").partition("## What they take")[2]
    for row in json.loads(typed("studies", "--format", "json").stdout):
        taken = f"{row['runs']} | {row['steps'] / 1e6:,.0f} | {row['core_hours']:.1f}"
        assert f"| `{row['name']}` | {taken} |" in page


def test_what_is_printed_is_there_as_json(small_result: ing.Result, tmp_path: Path) -> None:
    """Plan, new and export answer a program, too."""
    study, out = tmp_path / "mine.yaml", tmp_path / "out"
    assert json.loads(typed("new", "mine", "--out", study, "--format", "json").stdout)["file"] == str(study)
    planned = json.loads(typed("plan", study, "--quick", "--format", "json").stdout)
    assert (planned["runs"]["planned"], planned["seconds"], len(planned["cells"])) == (80, None, 16)
    assert planned["learner"]["segment"] is False
    assert {"discount": 0.9, "learning_rate": 0.01}.items() <= planned["learner"].items()
    exported = typed("export", small_result.directory, "--to", "csv", "--out", out, "--format", "json")
    assert json.loads(exported.stdout)["folder"] == str(out)
    options = {name: [*command.params] for name, command in typer.main.get_command(app).commands.items()}  # type: ignore[attr-defined]
    without = {name for name, params in options.items() if not any("--format" in each.opts for each in params)}
    assert without == {"schema"}  # which is JSON already


@pytest.mark.parametrize("tasks", ["bernoulli-bandit", "tabular-mdp", "CartPole-v1"])
def test_a_new_study_runs(tasks: str, tmp_path: Path) -> None:
    """What `new` writes can be planned; a file that is there is left alone; a wrong name is refused."""
    path = tmp_path / "mine.yaml"
    assert typed("new", "mine", "--tasks", tasks, "--out", path).exit_code == 0
    planned = typed("plan", path, "--quick")
    assert planned.exit_code == 0, planned.stderr
    assert "16 cells" in planned.stdout
    assert ("segment 128" if tasks == "CartPole-v1" else "segment off") in planned.stdout
    again = typed("new", "mine", "--tasks", tasks, "--out", path)
    assert (again.exit_code, "is there already" in again.stderr) == (2, True)
    assert typed("new", "a/b", "--out", tmp_path / "other.yaml").exit_code == 2


def test_tables_are_exported(small_result: ing.Result, tmp_path: Path) -> None:
    """CSV can be read, of a published study, too; a folder that is not empty is refused."""
    assert typed("export", small_result.directory, "--to", "csv", "--out", tmp_path / "csv").exit_code == 0
    assert len(pd.read_csv(tmp_path / "csv" / "cells.csv")) == len(small_result.cells)
    assert {"score", "return"} <= set(pd.read_csv(tmp_path / "csv" / "curves.csv"))
    published = ROOT / "results" / "published" / "forced-pulls"
    done = typed("export", published, "--to", "csv", "--out", tmp_path / "published")
    assert (done.exit_code, sorted(path.name for path in (tmp_path / "published").iterdir())) == (
        0,
        ["cells.csv", "curves.csv"],
    )
    refused = typed("export", published, "--to", "huggingface", "--out", tmp_path / "hub")
    assert (refused.exit_code, refused.stderr.endswith("nothing to export but its tables: --to csv\n")) == (2, True)
    refused = typed("export", small_result.directory, "--to", "csv", "--out", tmp_path / "csv")
    assert (refused.exit_code, "is not empty" in refused.stderr) == (2, True)


@pytest.fixture(scope="module")
def hub(small_result: ing.Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder that is exported for the Hugging Face hub."""
    folder = tmp_path_factory.mktemp("export") / "hub"
    done = typed("export", small_result.directory, "--to", "huggingface", "--out", folder)
    assert done.exit_code == 0, done.output
    return folder


def test_a_folder_for_the_hub_is_a_results_folder_with_agents(small_result: ing.Result, hub: Path) -> None:
    """A colleague loads it: verdicts and curves are those of the study, and each agent acts as it did."""
    theirs = ing.load(hub)
    assert theirs.cells.equals(ing.load(small_result.directory).cells)
    assert theirs.curves()["return"].tolist() == small_result.curves()["return"].tolist()
    assert theirs.agent("memory=lstm").play(lifetimes=2).equals(small_result.agent("memory=lstm").play(lifetimes=2))
    assert "head.weight" in load_file(next((hub / "agents").glob("*/model.safetensors")))
    with pytest.raises(UsageError, match="no weights were kept at this step"):
        theirs.agent(at=1)
    shown = re.findall(r"```python\n(.*?)```", (hub / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    with contextlib.chdir(hub):
        for block in shown:
            exec(block.replace('"adaptation"', '"truth_table"'), {})


def test_the_model_card_is_read_by_the_hubs_own_library(small_result: ing.Result, hub: Path) -> None:
    """Its strict reader takes the header and every evaluation result, a late score and a return of each cell."""
    library = pytest.importorskip("huggingface_hub")
    card = library.ModelCard.load(hub / "README.md", ignore_metadata_errors=False)
    assert (card.data.model_name, card.data.license, card.data.pipeline_tag) == (
        "small",
        None,  # whose agents they are says so
        "reinforcement-learning",
    )
    late = {each.metric_name: each.metric_value for each in card.data.eval_results if each.metric_type == "late_score"}
    assert list(late.values()) == pytest.approx(small_result.cells["late"].tolist(), abs=1e-4)
    assert {each.dataset_type for each in card.data.eval_results} == {"bernoulli-bandit"}
    with pytest.raises(ValueError, match="model_index"):
        library.ModelCard(card.content.replace("type: late_score", "kind: late_score"))
    written = yaml.safe_load((hub / "README.md").read_text(encoding="utf-8").split("---")[1])
    assert yaml.safe_load(card.data.to_yaml()) == written  # nothing is lost, and nothing but what it knows is there


def test_tensorboard_reads_what_is_exported(small_result: ing.Result, tmp_path: Path) -> None:
    """TensorBoard's own reader finds the late return and what training reported."""
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    done = typed("export", small_result.directory, "--to", "tensorboard", "--out", tmp_path / "tb")
    assert done.exit_code == 0, done.output
    folder = next((tmp_path / "tb").iterdir())
    read = events.EventAccumulator(str(folder)).Reload()
    tags = read.Tags()["scalars"]
    assert "late/return" in tags
    assert any(tag.startswith("training/") for tag in tags)
    assert len(read.Scalars("late/return")) == 3


def test_mlflow_reads_what_is_exported(small_result: ing.Result, tmp_path: Path) -> None:
    """MLflow's own client finds a run for each of ours, with its levels and its late return."""
    mlflow = pytest.importorskip("mlflow")
    done = typed("export", small_result.directory, "--to", "mlflow", "--out", tmp_path / "ml")
    assert done.exit_code == 0, done.output
    client = mlflow.MlflowClient(tracking_uri=(tmp_path / "ml").as_uri())
    experiment = client.get_experiment_by_name("small")
    runs = client.search_runs([experiment.experiment_id])
    assert len(runs) == len(small_result.cells)
    assert {run.data.params["memory"] for run in runs} >= {"on", "off", "lstm"}
    assert len(client.get_metric_history(runs[0].info.run_id, "late/return")) == 3


def test_trackio_reads_what_is_exported(small_result: ing.Result, tmp_path: Path) -> None:
    """Trackio's own storage finds a run for each of ours, with its late return at each evaluation point."""
    storage = pytest.importorskip("trackio.sqlite_storage")
    done = typed("export", small_result.directory, "--to", "trackio", "--out", tmp_path / "track")
    assert done.exit_code == 0, done.output
    names = storage.SQLiteStorage.get_runs("small")
    assert len(names) == len(small_result.cells)
    told = [each for each in storage.SQLiteStorage.get_logs("small", names[0]) if "late/return" in each]
    assert len(told) == 3
    assert list((tmp_path / "track").glob("small*.db"))


@pytest.mark.skipif(importlib.util.find_spec("sb3_contrib") is None, reason="sb3-contrib is not installed")
def test_an_agent_of_another_library_is_judged(tmp_path: Path) -> None:
    """A recurrent PPO trained on the wrapped bandit goes through probes, references and rule, and gets a class."""
    from sb3_contrib import RecurrentPPO

    def wrapped() -> gymnasium.Env[Any, Any]:
        bandit = gymnasium.make("ingredients/BernoulliBandit-v0", arms=2)
        return ActionObservation(RewardObservation(Lifetime(bandit, episodes=PULLS, draw_task=new_task)))

    small = {"lstm_hidden_size": 16, "net_arch": [16]}
    model = RecurrentPPO(
        "MlpLstmPolicy", wrapped(), n_steps=50, batch_size=50, policy_kwargs=small, device="cpu", seed=0
    )
    model.learn(500)
    model.save(tmp_path / "agent.zip")
    judged = ing.evaluate(ing.load_sb3(tmp_path / "agent.zip"), ing.Study.load(DATA))
    assert judged.classes[0] in ("none", "reactive", "carried", "in-context", "undecided")
    probes = set(judged.curves()["probe"])
    assert {"none", "memory_swap", "memory_swap_same"} <= probes
    with pytest.raises(UsageError, match="no such file"):
        ing.load_sb3(tmp_path / "nothing.zip")


def test_the_notebook_runs_from_study_to_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell of the notebook runs, on a study made tiny."""
    pytest.importorskip("marimo")
    text = (ROOT / "docs" / "notebook.py").read_text(encoding="utf-8")
    small = text.replace("100_000", "2_000").replace('"tasks": 1000', '"tasks": 50, "tasks_at_points": 10, "points": 2')
    assert small != text
    (tmp_path / "notebook.py").write_text(small, encoding="utf-8")
    run_here(monkeypatch)
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "notebook.py")])
    mpl.use("agg")
    outputs, names = runpy.run_path(str(tmp_path / "notebook.py"))["app"].run()
    assert len(outputs) == text.count("@app.cell")
    assert {"result", "agent", "lifetimes", "exchanged", "ax"} <= set(names)
