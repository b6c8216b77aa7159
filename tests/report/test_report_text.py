"""The report as text: what a terminal shows at any width and encoding, and Markdown that GitHub shows as meant."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from command import ONE_PICTURE
from rich.console import Console
from synthetic import bandit_study, write_results

from ingredients.grid import runs
from ingredients.judgement import Interval
from ingredients.report import columns, rows, wording
from ingredients.report.build import Report, read_report
from ingredients.report.layout import fullest_first
from ingredients.report.markdown import escaped
from ingredients.report.pen import Pen
from ingredients.study import INGREDIENTS, Study

ON: dict[str, list[object]] = {name: [True] for name in INGREDIENTS}
QUESTION = "Does it cost $5 | [bold]<b>*really*</b>[/bold]?"


def small_study(**changes: object) -> Study:
    """Returns a study of four cells with short lifetimes."""
    sections: dict[str, object] = {
        "ingredients": {"action_observation": [True], "task_distribution": [True]},
        "tasks": {"family": "bernoulli-bandit", "arms": 5, "episodes": 10},
        "evaluation": {"points": 3},
        "seeds": 8,
    }
    return bandit_study(**{**sections, **changes})


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report of a study with failed and missing runs, and a question full of special characters."""
    study = small_study(question=QUESTION)
    names = [run.id for run in runs(study)]
    folder = tmp_path_factory.mktemp("results") / "bandit"
    write_results(folder, study, failed=names[:1], missing=names[4:5])
    return read_report(folder)


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report of a study with graded levels."""
    levels = {
        "reward_observation": [False, 0.25, True],
        "action_observation": [True],
        "memory": [False, {"wipe_every": 100}, True],
        "task_distribution": [False, 100_000, True],
    }
    folder = tmp_path_factory.mktemp("results") / "graded"
    write_results(folder, small_study(ingredients=levels, seeds=2))
    return read_report(folder)


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report of a study with other kinds of memory than the agent's."""
    levels = {**ON, "memory": [False, True, "lstm", "transformer", "none"]}
    folder = tmp_path_factory.mktemp("results") / "kinds"
    write_results(folder, small_study(ingredients=levels, seeds=5))
    return read_report(folder)


def printed(report: Report, width: int, encoding: str = "utf-8") -> str:
    """Returns what a console that is not a terminal prints."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    Console(file=file, width=width).print(report.terminal())
    file.flush()
    return raw.getvalue().decode(encoding)


def cell_lines(report: Report, width: int) -> list[str]:
    """Returns the lines of the table of cells, its head first."""
    lines = printed(report, width).splitlines()
    start = next(index for index, line in enumerate(lines) if re.match(r" *R +A +M +T| *reward +action", line))
    return lines[start : start + 1 + len(report.judgement.cells)]


def test_a_row_shows_levels_scores_and_verdict(report: Report) -> None:
    """At 80 columns the full cell's row is all there: levels, a rising curve, intervals, runs that learned, verdict."""
    row = next(line for line in printed(report, 80).splitlines() if line.startswith("+ + + +"))
    scores = r"[01]\.\d\d \[[01]\.\d\d, [01]\.\d\d\] +0\.\d\d \[0\.\d\d, 0\.\d\d\]"
    assert re.fullmatch(rf"\+ \+ \+ \+ [▁▂▃▄▅▆▇█]{{6}} +{scores} +8/8 ● in-context *", row)
    curve = row.split()[4]
    assert (curve[0] < curve[-1], curve[-1]) == (True, "█")


def test_a_wide_terminal_has_words_and_ceilings(report: Report) -> None:
    """At 120 columns levels are words, curves are longer, and the return stands beside its ceiling."""
    lines = printed(report, 120).splitlines()
    head = next(line for line in lines if line.startswith("reward action memory tasks"))
    assert "return / ceiling" in head
    assert any(re.match(r" +on +on +off +on +[▁▂▃▄▅▆▇█]{10} .* / \d.*◐ reactive", line) for line in lines)


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
@pytest.mark.parametrize("which", ["report", "graded", "kinds"])
def test_no_line_is_wider_than_the_console(which: str, width: int, request: pytest.FixtureRequest) -> None:
    """Whatever the width and the levels, nothing is wider than the console."""
    text = printed(request.getfixturevalue(which), width)
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("width", [40, 60, 80, 114, 120])
@pytest.mark.parametrize("which", ["report", "graded", "kinds"])
def test_no_cell_of_a_table_is_cut(which: str, width: int, request: pytest.FixtureRequest) -> None:
    """At no usual width a level, score or verdict is cut off with an ellipsis."""
    text = printed(request.getfixturevalue(which), width)
    assert "…" not in text
    assert "? undecided" in text or "◐ reactive" in text


@pytest.mark.parametrize("width", [40, 60, 70])
@pytest.mark.parametrize("which", ["report", "graded", "kinds"])
def test_levels_and_verdicts_stay_on_a_narrow_console(which: str, width: int, request: pytest.FixtureRequest) -> None:
    """However narrow, each cell's row has its four levels and its whole verdict; other columns give way."""
    report: Report = request.getfixturevalue(which)
    table = cell_lines(report, width)
    assert re.fullmatch(r" *R +A +M +T .*verdict *", table[0])
    assert len(table) == 1 + len(report.judgement.cells)
    for line, result in zip(table[1:], rows.ordered(report.judgement), strict=True):
        levels = [Pen(width, False).level(wording.level(result.cell, name)).plain for name in INGREDIENTS]
        assert line.split()[:4] == levels
        assert line.rstrip().endswith(wording.marked(result.verdict))
        assert "…" not in line


@pytest.mark.parametrize("width", [40, 60, 80, 114, 120])
def test_wide_numbers_and_long_verdicts_are_not_cut(report: Report, width: int) -> None:
    """Intervals such as [-1.33, 1.27] beside "not applicable" still fit: columns give way, no cell is cut."""
    wide = Interval(-0.35, -1.33, 1.27)
    cells = tuple(replace(cell, late=wide, gain=wide, verdict=None) for cell in report.judgement.cells)
    table = cell_lines(replace(report, judgement=replace(report.judgement, cells=cells)), width)
    assert max(map(len, table)) <= width
    assert all(re.match(r" *(on|\+) ", line) or re.match(r" *(off|·) ", line) for line in table[1:])
    assert all(line.rstrip().endswith("– not applicable") for line in table[1:])
    assert not any("…" in line for line in table)
    assert all(("-0.35 [-1.33, 1.27]" in line) == (width > 40) for line in table[1:])


def test_kinds_of_memory_are_named_and_explained(kinds: Report) -> None:
    """The agent's kind is said once, siblings follow in their kinds' order, and each has its own verdict."""
    explained = (
        "Memory on is gru, and another kind goes by its name. Memory off, or a name with -off, is reset before every "
        "step."
    )
    for text in (" ".join(printed(kinds, 120).split()), kinds.markdown):
        assert text.count(explained) == 1
    table = [line for line in kinds.markdown.splitlines() if line.startswith("| on | on |")]
    assert [(line.split(" | ")[2], line.split(" | ")[-1].strip(" |*")) for line in table] == [
        ("on", "● in-context"),
        ("lstm", "● in-context"),
        ("transformer", "● in-context"),
        ("off", "◐ reactive"),
        ("lstm-off", "◐ reactive"),
        ("transformer-off", "◐ reactive"),
        ("none", "◐ reactive"),
    ]


def test_kinds_are_explained_only_where_there_are_any(report: Report) -> None:
    """The sixteen cells need no word on other memories."""
    assert "another kind goes by its name" not in printed(report, 120) + report.markdown


@pytest.mark.parametrize(
    ("width", "encoding", "start"),
    [
        (40, "utf-8", r"\+ \+ +LongMemory +\+ .*● in-context"),
        (80, "ascii", r"\+ \+ +LongMemory +\+ .*# in-context"),
        (120, "utf-8", r" +on +on +LongMemory +on .*● in-context"),
    ],
)
def test_a_users_own_memory_goes_by_its_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int, encoding: str, start: str
) -> None:
    """A table keeps its verdicts beside a class with a long path; where a run is named, all of it is there."""
    (tmp_path / "a_package").mkdir()
    (tmp_path / "a_package" / "of_research.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    own: list[object] = [False, "a_package.of_research:LongMemory"]
    study = small_study(ingredients={**ON, "memory": own})
    name = "reward-on_action-on_memory-a_package.of_research--LongMemory_tasks-on_seed-3"
    write_results(tmp_path / "own", study, missing=[name])
    text = printed(read_report(tmp_path / "own"), width, encoding)
    assert re.search(rf"^{start} *$", text, flags=re.MULTILINE)
    assert name in re.sub(r"\s", "", text)


def test_plain_output_has_no_escapes_and_keeps_brackets(report: Report) -> None:
    """Not on a terminal there are no colours; a question's brackets are text, not markup."""
    text = printed(report, 120)
    assert "\x1b" not in text
    assert QUESTION in text


def test_an_ascii_console_gets_ascii(report: Report) -> None:
    """Where the encoding is ASCII everything is said with ASCII, and nothing raises."""
    text = printed(report, 80, "ascii")
    assert text.isascii()
    assert "# in-context" in text


def test_a_posix_locale_reads_writes_and_prints_any_question(tmp_path: Path) -> None:
    """Without UTF-8 in the locale the stored files are UTF-8 all the same, and the terminal gets ASCII."""
    script = (
        "import sys; from pathlib import Path; from rich.console import Console; from synthetic import write_results; "
        f"{ONE_PICTURE}; "
        "from test_report_text import small_study; from ingredients.report.build import build_report; "
        "write_results(Path(sys.argv[1]), small_study(seeds=2, question='caf\\u00e9?')); "
        "report = build_report(Path(sys.argv[1])); assert report.unwritten is None, report.unwritten; "
        "Console().print(report.terminal())"
    )
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    here |= {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-c", script, str(tmp_path / "bandit")]
    said = subprocess.run(command, env=here, capture_output=True, check=False)
    assert said.returncode == 0, said.stderr
    assert b"bandit: caf??" in said.stdout
    for name in ("study.yaml", "report.json", "report.md"):
        assert "caf\u00e9?" in (tmp_path / "bandit" / name).read_text(encoding="utf-8")


def test_what_failed_and_what_is_missing_is_named(report: Report) -> None:
    """The failed run with its reason, the missing run, the counts, and a command to go on with."""
    text = printed(report, 200)
    names = [run.id for run in runs(report.evidence.study)]
    assert "30 of 32 runs finished, 1 failed, 1 missing" in text
    assert f"{names[0]}: the loss was not finite at update 17" in text
    assert names[4] in text
    folder = report.directory
    assert f"go on: ingredients run-grid {folder}/study.yaml --out {folder}" in text.replace("\n", "")


def test_every_failed_run_is_listed(tmp_path: Path) -> None:
    """However many runs failed, each has its line; missing ones are summed up."""
    study = small_study(seeds=20)
    names = [run.id for run in runs(study)]
    write_results(tmp_path / "bandit", study, failed=names[:20], missing=names[20:50])
    text = printed(read_report(tmp_path / "bandit"), 200)
    assert text.count("the loss was not finite at update 17") == 20
    assert "and 22 more, see report.json" in text


def test_the_markdown_opens_with_the_answer(report: Report) -> None:
    """The question; what was found and what that means for the essay; the rest; then the figure by a relative link."""
    paragraphs = report.markdown.split("\n\n")
    assert paragraphs[0].startswith("# Does it cost")
    found, claim = report.judgement.sentence.split(". ")[0], report.judgement.claim.sentence.split(". ")[0]
    assert paragraphs[1].startswith(f"**{escaped(found)}. {escaped(claim)}")
    assert "Claim 1 of the essay (all four ingredients are required)" in paragraphs[1]
    assert escaped(report.judgement.sentence.partition(". ")[2]) == paragraphs[2]
    assert any(re.search(r"!\[[^\]]+\]\(figures/adaptation\.png\)", each) for each in paragraphs[3:6])
    assert report.markdown.endswith("\n")
    assert not report.markdown.endswith("\n\n")


def test_the_legend_has_every_class_that_the_markdown_names(report: Report) -> None:
    """What runs and references came out as is explained, too, and each kind of interval."""
    legend = {verdict for verdict, _ in wording.meanings(report.judgement)}
    classes = {name for result in report.judgement.cells for name in result.classes}
    assert classes | {"none", "reactive", "in-context"} <= legend
    for title in ("Words", "What the intervals are over", "How it was made"):
        assert report.markdown.count(f"## {title}\n") == 1


def test_a_return_above_its_ceiling_is_said_to_be_noise_or_not(report: Report) -> None:
    """By the interval of the difference over runs; a return below its ceiling gets no mark."""
    full = report.judgement.cells[-1]
    assert full.ceiling is not None
    ceiling = replace(full.ceiling, return_=25.02)
    for mean, gap, said in (
        (25.07, Interval(-0.05, -0.12, 0.03), "25.1 / 25.0 (within noise)"),
        (25.32, Interval(-0.3, -0.4, -0.2), "25.3 / 25.0 (0.3 [0.2, 0.4] above)"),
        (24.9, Interval(0.1, 0.1, 0.1), "24.9 / 25.0"),
    ):
        numbers = {**full.numbers, "gap": gap}
        cell = replace(full, ceiling=ceiling, return_=Interval(mean, None, None), numbers=numbers)
        assert columns.judged_by_ceiling(cell) == said
    exact = replace(cell, ceiling=replace(ceiling, method="exact"), return_=Interval(25.32, None, None))
    above = replace(exact, numbers={**full.numbers, "gap": Interval(-0.3, -0.4, -0.2)})
    assert columns.judged_by_ceiling(above) == "25.3 / 25.0 (0.3 [0.2, 0.4] above, by the luck of these tasks)"


def test_the_markdown_tables_are_tables(report: Report) -> None:
    """Every table has a rule below its head, and rows as wide; a row a cell, one for its probes, one for its routes."""
    tables = [part.splitlines() for part in report.markdown.split("\n\n") if part.startswith("|")]
    assert [len(table) - 2 for table in tables] == [4, 4, 1, 1, len(report.judgement.references)]
    for head, rule, *body in tables:
        assert re.fullmatch(r"\|( --- \|)+", rule)
        assert {row.count("|") for row in body} == {head.count("|")} == {rule.count("|")}


def test_special_characters_are_shown_as_they_are(report: Report) -> None:
    """A question's pipes, markup and HTML are escaped, so that they are read and do not act."""
    title = report.markdown.splitlines()[0]
    assert title == "# Does it cost \\$5 \\| \\[bold\\]\\<b\\>\\*really\\*\\</b\\>\\[/bold\\]?"
    assert escaped("two\nlines") == "two lines"


def test_the_fullest_cell_comes_first(graded: Report) -> None:
    """Cells go from all on to all off, graded levels in between by their strength, however the study lists them."""
    order = fullest_first([result.cell for result in graded.judgement.cells])
    assert order[0].is_full
    assert [wording.level(cell, "memory") for cell in order[:9:3]] == ["on", "wipe 100", "off"]
    assert [wording.level(cell, "task_distribution") for cell in order[:3]] == ["on", "100000", "off"]
    assert [wording.level(cell, "reward_observation") for cell in order[::9]] == ["on", "0.25", "off"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0.945, "0.94"), (-0.001, "0.00"), (-0.0, "0.00"), (-0.016, "-0.02"), (12.0, "12.00")],
)
def test_numbers(value: float | None, text: str) -> None:
    """Two digits, no negative zero, a dash for what does not exist."""
    assert wording.number(value) == text


def test_intervals_and_p() -> None:
    """An interval without bounds is its mean; a p shows the digits that matter."""
    assert wording.interval(Interval(0.5, 0.25, 0.75)) == "0.50 [0.25, 0.75]"
    assert wording.interval(Interval(0.5, None, None)) == "0.50"
    assert wording.interval(Interval(None, None, None)) == "–"
    assert [wording.p_text(p) for p in (None, 0.0, 0.0004, 0.012, 0.43)] == ["–", "< 0.001", "< 0.001", "0.012", "0.43"]


def test_curves_as_blocks() -> None:
    """0 is the lowest block, 1 the highest, and each height has its own."""
    assert Pen(80, ascii_only=False).curve([0, 0.5, 0.99, 1]).plain == "▁▅██"
    assert Pen(80, ascii_only=True).curve([0, 1]).plain == "_#"
