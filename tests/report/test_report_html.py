"""`report.html`: what stands on the page, for complete studies and others; the browser's view is tested apart."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from in_process import draw_one_picture
from synthetic import bandit_study, write_results

from ingredients.grid import Run, runs, study_fingerprint
from ingredients.judgement.calibration import MORE_TASKS
from ingredients.judgement.words import describe
from ingredients.report import short, wording
from ingredients.report.build import Report, build_report, read_report
from ingredients.store.traces import page_trace_name
from ingredients.study import parse_study, smoke_sized

FULL = "reward-on_action-on_memory-on_tasks-on"
SOME = {"memory": [False, True], "reward_observation": [True], "action_observation": [True]}


class Page(HTMLParser):
    """The tags of a page in order, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._style = False
        self.feed(text)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keeps a tag."""
        self.tags.append((tag, dict(attrs)))
        self._style = tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        """Keeps text."""
        self.text += "" if self._style else data

    def of(self, *names: str) -> list[dict[str, str | None]]:
        """Returns the attributes of all tags of these names."""
        return [attributes for tag, attributes in self.tags if tag in names]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report of the sixteen cells."""
    folder = tmp_path_factory.mktemp("results") / "bandit"
    write_results(folder, bandit_study())
    return read_report(folder)


@pytest.fixture(scope="module")
def page(report: Report) -> Page:
    """Its page."""
    return Page(report.html)


def test_the_first_screen_has_the_answer(report: Report, page: Page) -> None:
    """Question, sentence, the claim, the truth table and the full cell's curve come before anything else."""
    start = page.text[: page.text.index("What is needed")]
    judgement = report.judgement
    said = [each for one in (judgement.sentence, judgement.claim.sentence) for each in one.split(". ")]
    for words in (report.evidence.study.question, *said, "Claim 1: undecided"):
        assert words in start
    assert start.index(judgement.claim.sentence.split(". ")[0]) < start.index(judgement.sentence.split(". ")[1])
    pictures = [attributes["aria-labelledby"] for attributes in page.of("svg")]
    assert pictures[:2] == ["truth_table-title truth_table-alt", "full_cell-title full_cell-alt"]


def test_every_cell_has_its_picture_its_verdict_and_its_ceiling(report: Report, page: Page) -> None:
    """Sixteen small pictures, and sixteen rows in the tables of scores and of ceilings."""
    assert sum(str(each["aria-labelledby"]).startswith("cell_") for each in page.of("svg")) == 16
    for result in report.judgement.cells:
        assert page.text.count(describe(result.cell)) >= 5
        assert wording.marked(result.verdict) in page.text
        assert result.ceiling is not None
        assert result.ceiling.information in page.text
    assert "one task can be learned by heart" in page.text


def test_nothing_comes_from_elsewhere_and_one_script_runs(page: Page, report: Report) -> None:
    """No frame, picture file, style sheet or link out; a policy in the page forbids them, and names its own script."""
    assert {tag for tag, _ in page.tags} & {"iframe", "img", "object", "embed", "form", "base"} == set()
    assert page.of("script") == [{}]
    (script,) = re.findall(r"<script>(.*?)</script>", report.html, flags=re.DOTALL)
    assert len(script) < 2000
    assert "http" not in re.sub(r'http-equiv="', "", report.html)
    assert [each["href"] for each in page.of("link")] == ["data:,"]
    policy = next(each["content"] for each in page.of("meta") if each.get("http-equiv") == "Content-Security-Policy")
    assert str(policy).startswith("default-src 'none'")
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert str(policy).endswith(f"script-src 'sha256-{allowed}'")
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]


def test_anchors_lead_somewhere_and_no_id_comes_twice(page: Page) -> None:
    """Every link and every use of a glyph resolves inside the page."""
    ids = [str(attributes["id"]) for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for attributes in page.of("a", "use"):
        assert str(attributes["href"]).removeprefix("#") in ids
    for attributes in page.of("svg"):
        assert set(str(attributes["aria-labelledby"]).split()) <= set(ids)


def test_headings_descend_one_by_one(page: Page) -> None:
    """One h1, and no level is skipped: who listens finds his way."""
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_probes_emergence_configuration_and_versions_are_there(page: Page) -> None:
    """What was intervened on, when it appeared, what was asked for, and what made it."""
    for words in (
        "memory swapped half-way",
        "runs adapt",
        "train_steps: 600000",
        "torch: 2.13.0",
        "gain_above: 0.1",
        "judges:",
    ):
        assert words in page.text


def test_what_pictures_show_stands_in_tables_too(report: Report, page: Page) -> None:
    """The cells that prove a need, the fifteen effects of the grid, and every run with its own scores."""
    proof = report.judgement.ingredients["memory"].proof
    assert proof
    assert "; ".join(map(describe, proof)) in page.text
    assert "reward observation × action observation × memory × task distribution" in page.text
    for result in report.judgement.cells:
        for run in result.runs:
            assert f"{describe(result.cell)}, seed {run.seed}" in page.text


def test_every_table_says_what_it_shows_and_what_its_cells_are_of(page: Page) -> None:
    """A caption for each table, a scope for each heading, and no row that is longer or shorter than the head."""
    assert len(page.of("caption")) == len(page.of("table")) >= 8
    assert {attributes.get("scope") for attributes in page.of("th")} == {"col", "row"}
    widths: list[list[int]] = []
    for tag, _ in page.tags:
        if tag == "table":
            widths.append([])
        elif tag == "tr":
            widths[-1].append(0)
        elif tag in ("th", "td"):
            widths[-1][-1] += 1
    assert all(len(set(of_table)) == 1 for of_table in widths)


def test_doses_are_on_the_page_of_a_graded_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each level has its row, and the section a link; a study without grades has neither."""
    draw_one_picture(monkeypatch, "doses")
    levels = {**SOME, "memory": [True], "task_distribution": [False, 4, 64, True]}
    write_results(tmp_path / "b", bandit_study(ingredients=levels, seeds=2))
    page = Page(read_report(tmp_path / "b").html)
    assert "task distribution: 64" in page.text
    assert {"href": "#doses"} in page.of("a")


@pytest.mark.parametrize("state", ["failed", "missing"])
def test_a_folder_without_a_finished_run_makes_a_page(tmp_path: Path, state: str) -> None:
    """It says so, lists why, and promises no section that is not there."""
    study = bandit_study(ingredients=SOME, seeds=1)
    names = [run.id for run in runs(study)]
    write_results(tmp_path / "b", study, **{state: names})  # type: ignore[arg-type]
    page = Page(read_report(tmp_path / "b").html)
    assert f"Not complete: 0 of 4 runs finished, 4 {state}." in page.text
    assert all(name in page.text for name in names)
    assert {str(each["href"]) for each in page.of("a")} <= {
        f"#{each['id']}" for each in page.of("section") if "id" in each
    }


def test_failed_and_missing_runs_are_said_first_and_listed(tmp_path: Path) -> None:
    """A study that is not complete says so on the first screen; each failure stands there with its reason."""
    study = bandit_study(ingredients=SOME)
    write_results(tmp_path / "b", study, failed=[f"{FULL}_seed-0"], missing=[f"{FULL}_seed-1"])
    page = Page(read_report(tmp_path / "b").html)
    assert "Not complete: 18 of 20 runs finished, 1 failed, 1 missing." in page.text
    assert f"{FULL}_seed-0: the loss was not finite at update 17" in page.text
    assert "3/3, 1 failed learned" in page.text
    assert "go on: ingredients run-grid" in page.text


def test_a_cell_that_was_not_run_is_not_called_undecided(tmp_path: Path) -> None:
    """It has neither a verdict nor a count of learners, in any format."""
    study = bandit_study(ingredients={**SOME, "task_distribution": [True]}, seeds=5)
    lost = "reward-on_action-on_memory-off_tasks-on"
    write_results(tmp_path / "b", study, missing=[f"{lost}_seed-{seed}" for seed in range(5)])
    report = read_report(tmp_path / "b")
    (row,) = [line for line in report.markdown.splitlines() if "not run" in line and line.startswith("|")]
    assert row.endswith("| – | – | – | – | – / 34.0 | – | – not run |")
    assert "– not run" in Page(report.html).text
    assert "undecided:" not in report.markdown
    assert "0/0" not in report.markdown + Page(report.html).text


def test_lifetimes_of_an_agent_are_on_the_page_where_there_are_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture with its section and link, by and by the same bytes; another training's table is not shown."""
    draw_one_picture(monkeypatch, "trace")
    study = bandit_study(ingredients={**SOME, "memory": [True], "task_distribution": [True]}, seeds=1)
    write_results(tmp_path / "b", study)
    assert "Lifetimes" not in Page(read_report(tmp_path / "b").html).text
    rows = ["lifetime,episode,step,action,reward,probability_0,probability_1,component_0"]
    rows += [f"{lifetime},{step},{step},{step % 2},1.0,0.25,0.75,0.5" for lifetime in range(2) for step in range(6)]
    table = tmp_path / "b" / page_trace_name(study)
    table.parent.mkdir()
    table.write_text("\n".join(rows), encoding="utf-8")
    shown = read_report(tmp_path / "b").html
    assert "What an agent with all four ingredients does in 2 new lifetimes" in Page(shown).text
    assert {"href": "#trace"} in Page(shown).of("a")
    assert shown == read_report(tmp_path / "b").html
    table.rename(table.with_name("page-older.csv"))
    assert "Lifetimes" not in Page(read_report(tmp_path / "b").html).text


def test_a_study_is_cited_by_its_fingerprints(report: Report, page: Page) -> None:
    """The entry has question, seeds and all three fingerprints, and no date."""
    prints = study_fingerprint(report.evidence.study)
    cited = page.text[page.text.index("@misc{bandit-") :]
    for words in (report.evidence.study.question, f"trains {prints.trains[:12]}", f"judges {prints.judges[:12]}"):
        assert words in cited


def test_a_page_draws_no_picture_twice(report: Report, page: Page) -> None:
    """The PNGs lie beside a page, and are drawn where that is written."""
    assert page.of("svg")
    assert not any("png" in vars(picture) for picture in report.pictures)


def test_a_section_without_content_is_not_there(report: Report, page: Page) -> None:
    """A study that is complete has no list of failures, and no link to one."""
    assert report.evidence.complete
    assert {"href": "#failures"} not in page.of("a")
    assert "Runs that failed" not in page.text


def test_text_of_a_user_is_text(tmp_path: Path) -> None:
    """A question with markup, quotes and braces is shown as it is written."""
    question = """<script>alert("1")</script> & {{ 7 * 7 }} 'quoted'?"""
    write_results(tmp_path / "b", bandit_study(question=question, ingredients=SOME, seeds=1))
    html = read_report(tmp_path / "b").html
    assert html.count("<script") == 1  # the page's own
    assert question in Page(html).text


@pytest.mark.parametrize("seeds", [1, 2])
def test_one_cell_and_few_seeds_make_a_page(tmp_path: Path, seeds: int) -> None:
    """Numbers that do not exist are dashes, never None or nan."""
    one = {**SOME, "memory": [True], "task_distribution": [True]}
    write_results(tmp_path / "b", bandit_study(ingredients=one, seeds=seeds))
    text = Page(read_report(tmp_path / "b").html).text
    assert "None" not in text.replace("None: ", "")
    assert "nan" not in text


def test_a_study_that_is_not_applicable_makes_a_page(tmp_path: Path) -> None:
    """It is short: returns, the reason, what to do next, each command as code; no table, one picture."""
    study = bandit_study(ingredients=SOME)
    store = write_results(tmp_path / "b", study)
    references = store.read_references()
    assert references is not None
    references["yardstick"] = references["floor"]
    store.write_references(references)
    html = read_report(tmp_path / "b").html
    page = Page(html)
    assert "Not applicable" in page.text
    assert "What to do next" in page.text
    assert page.of("table", "img") == []
    assert html.count("<svg") == 1
    assert "<code>ingredients run-grid " in html


def test_advice_names_the_cells_that_ran(tmp_path: Path) -> None:
    """A grid of some cells is advised more seeds of these; one that broke off between seeds goes on with all."""
    study = bandit_study(ingredients={**SOME, "memory": [False, True]}, seeds=2)
    write_results(tmp_path / "b", study)
    report = read_report(tmp_path / "b")
    closed = replace(report.judgement, calibration=replace(report.judgement.calibration, passed=False, reason="so"))

    def advised(missing: Callable[[Run], bool]) -> str:
        evidence = replace(report.evidence, missing=tuple(run for run in runs(study) if missing(run)))
        return dict(short.sections(evidence, closed))["What to do next"][0]

    assert f"study.yaml --cells memory=off --out {tmp_path / 'b'} --seeds 5" in advised(
        lambda run: bool(run.cell.memory)
    )
    assert "--cells" not in advised(lambda run: bool(run.cell.memory) or run.seed == 1)
    assert "--cells" not in advised(lambda run: False)


def test_a_gate_that_few_tasks_closed_asks_for_more_tasks(tmp_path: Path) -> None:
    """More seeds or steps would not open it: what to do next is another evaluation, which trains nothing."""
    write_results(tmp_path / "b", bandit_study(ingredients=SOME))
    report = read_report(tmp_path / "b")
    reason = f"the floor came out as undecided (it straddles the criterion: {MORE_TASKS})"
    closed = replace(report.judgement.calibration, passed=False, reason=reason)
    (_, (line,)), *_ = (
        section
        for section in short.sections(report.evidence, replace(report.judgement, calibration=closed))
        if section[0] == "What to do next"
    )
    assert "evaluate on more tasks; nothing is trained again: ingredients run-grid" in line
    assert line.endswith(" --set evaluation.tasks=100000")
    slow = parse_study({"name": "x", "tasks": {"gymnasium": "CartPole-v1", "episodes": 5}, "ingredients": {}}, "x")
    others = replace(report.evidence, study=smoke_sized(slow))
    told = dict(short.sections(others, replace(report.judgement, calibration=closed)))["What to do next"]
    assert told[-1].endswith(" --set evaluation.tasks=256")  # an environment in Python takes hours for 10,000


def test_the_files_are_written_and_are_the_same_twice(tmp_path: Path) -> None:
    """The page, and each picture as PNG and SVG; made again, byte for byte the same."""
    write_results(tmp_path / "b", bandit_study(ingredients=SOME, seeds=2))
    first = build_report(tmp_path / "b")
    assert first.unwritten is None
    files = sorted((tmp_path / "b" / "figures").iterdir())
    assert {file.stem for file in files} >= {"truth_table", "full_cell", "adaptation", "probes", "emergence", "runs"}
    assert {file.suffix for file in files} == {".png", ".svg"}
    before = {file: file.read_bytes() for file in [*files, tmp_path / "b" / "report.html"]}
    build_report(tmp_path / "b")
    assert {file: file.read_bytes() for file in before} == before
