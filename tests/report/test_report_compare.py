"""`report A B ...`: several studies side by side, each judged by itself, whatever they differ in."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from synthetic import bandit_study, write_results
from typer.testing import CliRunner

from cli import app
from ingredients.judgement.words import describe
from ingredients.report import wording
from ingredients.report.build import Report, read_report
from ingredients.report.compare import Comparison
from ingredients.report.compare_html import beside_of
from ingredients.report.shown import Format, show
from ingredients.report.side import published
from ingredients.report.side_curves import stored_curves
from ingredients.store import Store
from ingredients.study import Study

ROOT = Path(__file__).parents[2]
SMALL = {"reward_observation": [True, False], "action_observation": [True], "memory": [True, False]}
LEVELS = [f"{reward} + {memory} {tasks}" for reward in "+·" for memory in "+·" for tasks in "+·"]


def study_of(**changes: object) -> Study:
    """Returns a small study of lifetimes long enough to be judged."""
    sections: dict[str, object] = {"evaluation": {"points": 3}, "ingredients": {**SMALL, "task_distribution": [True]}}
    return bandit_study(**{**sections, **changes})


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """A study beside one of fewer cells, ten arms and another criterion, in which a run failed."""
    folder = tmp_path_factory.mktemp("results")
    write_results(folder / "bandit", study_of(ingredients={**SMALL, "task_distribution": [True, False]}))
    other = study_of(
        name="ten-arms",
        tasks={"family": "bernoulli-bandit", "arms": 10, "episodes": 50},
        criterion={"gain_above": 0.12},
    )
    store = write_results(folder / "ten-arms", other, failed=["reward-off_action-on_memory-on_tasks-on_seed-0"])
    references = store.read_references()
    assert references is not None
    store.write_references({**references, "yardstick": "ucb1"})
    return Comparison([read_report(folder / "bandit"), read_report(folder / "ten-arms")])


def printed(comparison: Comparison, width: int, encoding: str = "utf-8") -> str:
    """Returns what a console that is not a terminal prints."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    Console(file=file, width=width).print(comparison.terminal())
    file.flush()
    return raw.getvalue().decode(encoding)


def test_cells_stand_side_by_side(two: Comparison) -> None:
    """A row for every cell of any study, a column for each; what a study does not have is a dash."""
    lines = [line for line in two.markdown.splitlines() if line.startswith("| reward")]
    assert len(lines) == 8
    assert lines[0].count("● in-context") == 2
    assert sum("1 failed" in line for line in lines) == 1
    assert sum(line.endswith("| – |") for line in lines) == 4


def test_what_differs_between_studies_is_listed(two: Comparison) -> None:
    """Arms and criterion, and nothing that is equal."""
    assert dict(two.settings()) == {"tasks.arms": ["5", "10"], "criterion.gain_above": ["0.1", "0.12"]}


def test_nothing_is_pooled_and_what_cannot_be_compared_is_said(two: Comparison) -> None:
    """The verdicts are counted, never averaged; another criterion and another scale are each a notice."""
    assert two.notes == [
        "The verdicts agree in 3 of 4 cells that all studies have judged.",
        "They were judged under different criteria, so equal verdicts need not mean the same.",
        "Late scores are on each study's own scale, by the return of an episode: bandit best_fixed 0.50 to gittins "
        "0.79; ten-arms best_fixed 0.50 to ucb1 0.77.",
        "Each study is judged by itself; nothing is pooled.",
    ]
    for result, report in zip(two.row(two.cells[0]), two.reports, strict=True):
        (known,) = [each for each in report.json["cells"] if each["cell"] == two.cells[0].json()]
        assert result is not None
        assert (result.seeds, result.late.mean) == (known["seeds"], known["late"]["mean"])


def test_studies_of_one_criterion_and_scale_need_no_notice(two: Comparison) -> None:
    """What is the same is not spoken of."""
    same = Comparison([two.reports[0]] * 2)
    assert same.notes == [
        "The verdicts agree in 8 of 8 cells that all studies have judged.",
        "Each study is judged by itself; nothing is pooled.",
    ]
    assert same.settings() == []
    assert "differ in" not in same.markdown
    assert "what differs" not in printed(same, 80)
    assert same.names == [f"bandit ({two.reports[0].directory})"] * 2


def test_a_row_of_the_terminal(two: Comparison) -> None:
    """At 100 columns levels, verdicts and intervals of both, under the studies' names."""
    lines = [line.rstrip() for line in printed(two, 100).splitlines()]
    head = next(index for index, line in enumerate(lines) if line.startswith("R A M T"))
    assert lines[head].split() == ["R", "A", "M", "T", "1", "bandit", "2", "ten-arms"]
    assert lines[head + 1].startswith("+ + + + ● in-context 0.96 [0.9")
    assert lines[head + 1].count("● in-context") == 2
    assert [line[:7] for line in lines[head + 1 : head + 10]] == [*LEVELS, ""]


@pytest.mark.parametrize("width", [24, 40, 60, 80, 120])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_every_cell_keeps_its_verdict_at_any_width(two: Comparison, width: int, encoding: str) -> None:
    """Nothing is wider than the console or cut, and ASCII says it with ASCII."""
    text = printed(Comparison([*two.reports, *two.reports]), width, encoding)
    rows = [line for line in text.splitlines() if re.match(r" *([+·.]|on|off)( +([+·.]|on|off)){3} ", line)]
    assert len(rows) == 8
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    mark = "●" if encoding == "utf-8" else "#"
    assert rows[0].count(mark) == 4


@pytest.mark.usefixtures("one_picture")
def test_the_command_compares_several_folders(two: Comparison) -> None:
    """Each answer, how far each study got, and how to see one whole."""
    done = CliRunner().invoke(app, ["report", *(str(report.directory) for report in two.reports)])
    assert (done.exit_code, done.stderr) == (0, "")
    text = " ".join(done.stdout.split())
    assert "1 bandit: In-context learning was shown in" in text
    assert "2 ten-arms (19 of 20 runs finished, 1 failed): In-context" in text
    for report in two.reports:
        assert f"ingredients report {report.directory}" in done.stdout.replace("\n", " ").replace("  ", " ")


@pytest.mark.usefixtures("one_picture")
def test_as_json_it_is_the_list_of_reports(two: Comparison) -> None:
    """The contract of docs/design.md §10: for several folders a list, each entry as `report.json`."""
    done = CliRunner().invoke(app, ["report", *(str(report.directory) for report in two.reports), "--format", "json"])
    assert json.loads(done.stdout) == [report.json for report in two.reports]


def test_a_study_that_has_not_begun_stands_beside_others(two: Comparison, tmp_path: Path) -> None:
    """Its cells are undecided without a score, and it is not counted as disagreeing."""
    study = study_of(name="new", seeds=1)
    write_results(tmp_path / "new", study, missing=[f"{name}_seed-0" for name in NAMES], references=False)
    beside = Comparison([two.reports[0], read_report(tmp_path / "new")])
    nothing = "No cell is judged in all of these studies, so there are no verdicts to compare."
    assert beside.notes[0] == nothing
    assert "new none yet" in beside.notes[1]
    assert "new (0 of 4 runs finished, 4 missing, no references yet): No run has finished" in beside.markdown
    assert "? undecided" in printed(beside, 80)


NAMES = [f"reward-{reward}_action-on_memory-{memory}_tasks-on" for reward in ("on", "off") for memory in ("on", "off")]


def test_where_nothing_is_judged_nothing_agrees(tmp_path: Path) -> None:
    """Two studies that are not applicable have no verdicts: that they have none in common is no agreement."""
    store = write_results(tmp_path / "a", study_of(seeds=2))
    references = store.read_references()
    assert references is not None
    store.write_references({**references, "yardstick": references["floor"]})
    none = Comparison([read_report(tmp_path / "a")] * 2)
    assert none.notes[0] == "No cell is judged in all of these studies, so there are no verdicts to compare."


def test_the_page_has_curves_verdicts_and_numbers(two: Comparison) -> None:
    """A picture for each cell with a line for each study that has it, a verdict in each, and each score in numbers."""
    page = two.html
    shown = re.findall(r"<figcaption><strong>(.*?)</strong>(.*?)</figcaption>", page, flags=re.DOTALL)
    assert [name for name, _ in shown] == [describe(cell) for cell in two.cells]
    assert [said.count('class="study study-') for _, said in shown] == [2, 1] * 4
    table = page[page.index("Verdict of each cell") :].partition("</table>")[0]
    agree = re.findall(r"<td[^>]*>(yes|no|–)</td></tr>", table)
    assert [agree.count(answer) for answer in ("yes", "no", "–")] == [3, 1, 4]
    for side in two.sides:
        for found in side.cells.values():
            assert wording.interval(found.late) in page
            assert wording.interval(found.return_, 1) in page
    assert "criterion.gain_above" in page
    assert not re.search(r"https?:", page)
    assert page.count("<script>") == 1


def test_the_curves_of_the_page_are_those_of_the_runs(two: Comparison) -> None:
    """Means over runs on each study's own scale; what a published folder has kept draws the same."""
    beside = beside_of(two)
    full = two.cells[0]
    report = two.reports[0]
    assert isinstance(report, Report)
    late = [float(rows[:, -10:].mean()) for rows in (curves[full] for curves in beside.curves)]
    assert late == pytest.approx([side.cells[full].late.mean for side in two.sides])
    Store(report.directory).write_table(report.evidence.frame)
    kept = stored_curves(report.directory, report.json, two.cells)
    assert list(kept) == list(beside.curves[0])
    for cell, rows in kept.items():
        np.testing.assert_allclose(rows, beside.curves[0][cell])


def test_a_folder_that_kept_its_report_alone_is_shown(two: Comparison, tmp_path: Path) -> None:
    """With its study and `report.json` it has verdicts and numbers, and the page says that no curves are here."""
    report = two.reports[1]
    (tmp_path / "study.yaml").write_bytes((report.directory / "study.yaml").read_bytes())
    (tmp_path / "report.json").write_text(json.dumps(report.json))
    alone = published(tmp_path)
    assert alone is not None
    page = Comparison([two.reports[0], alone]).html
    assert f"No curves are here of: ten-arms ({tmp_path})" in page or "No curves are here of: ten-arms." in page
    for format_ in ("table", "markdown", "html"):
        done = CliRunner().invoke(app, ["report", str(tmp_path), "--format", format_])
        assert (done.exit_code, "in-context" in done.stdout) == (0, True)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["report.json", "study.yaml"]


def test_published_studies_are_compared_by_what_their_reports_say(capsys: pytest.CaptureFixture[str]) -> None:
    """Their runs are not here, so nothing is judged again or written; each format of one alone is its own file."""
    folders = [ROOT / "results" / "published" / name for name in ("bandit", "memories")]
    before = {path: path.stat().st_mtime_ns for folder in folders for path in folder.iterdir()}
    stored = [published(folder) for folder in folders]
    both = Comparison([each for each in stored if each])
    text = printed(both, 100)
    for folder, side in zip(folders, both.sides, strict=True):
        kept = json.loads((folder / "report.json").read_text())
        verdicts = {json.dumps(cell["cell"]): cell["verdict"] for cell in kept["cells"]}
        assert {json.dumps(cell.json()): shown.verdict for cell, shown in side.cells.items()} == verdicts
        assert kept["sentence"][:40] in " ".join(text.split())
    first = published(folders[0])
    assert first is not None
    for format_, name in ((Format.json, "report.json"), (Format.markdown, "report.md"), (Format.html, "report.html")):
        show([first], format_)
        assert capsys.readouterr().out.strip()[:200] == (folders[0] / name).read_text().strip()[:200]
    show([first], Format.table)
    assert "in-context" in capsys.readouterr().out
    assert before == {path: path.stat().st_mtime_ns for folder in folders for path in folder.iterdir()}
