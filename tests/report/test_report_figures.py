"""The figure: the right curves in the right panels, nothing cut off and no text over another, for any grid."""

from __future__ import annotations

import itertools
import struct
from dataclasses import replace
from pathlib import Path

import matplotlib.style
import numpy as np
import pytest
from drawn_studies import ON, STUDIES, made, report_of, shared_area, texts
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ingredients.grid import Cell
from ingredients.judgement.statistics import t_interval
from ingredients.report import wording
from ingredients.report.build import Report
from ingredients.report.curves import ShownCurves
from ingredients.report.figures import adaptation, draw
from ingredients.report.figures.drawn import STYLE
from ingredients.report.figures.panel import spread
from ingredients.report.figures.view import View
from ingredients.report.layout import PanelLayout, layout
from ingredients.study import MemoryKind


@pytest.fixture(autouse=True)
def _a_package(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of the user's own memory, whose content makes a part of what its runs are."""
    folder = tmp_path_factory.mktemp("path")
    (folder / "a_package").mkdir()
    (folder / "a_package" / "of_research.py").touch()
    monkeypatch.syspath_prepend(folder)


def drawn(report: Report) -> Figure:
    """Returns the figure, drawn in the report's style."""
    with matplotlib.style.context(["default", STYLE]):
        figure = adaptation.figure(View(report.evidence, report.judgement))
        figure.draw_without_rendering()
    return figure


@pytest.fixture(scope="module")
def sixteen() -> Report:
    """The report of sixteen cells with three seeds."""
    return report_of("sixteen")


@pytest.fixture(scope="module")
def figure(sixteen: Report) -> Figure:
    """Their figure, drawn once, for tests that read it."""
    return drawn(sixteen)


def panel_text(axes: Axes) -> str:
    """Returns all that is written on and above a panel."""
    return " | ".join(text.get_text() for text in axes.texts)


@pytest.mark.parametrize(
    ("name", "incomplete"),
    [*((name, False) for name in STUDIES), ("sixteen", True), ("line", True), ("graded", True), ("wide", True)],
)
def test_nothing_is_cut_off_and_no_text_lies_on_another(name: str, incomplete: bool) -> None:
    """All text lies inside the page, and no two texts overlap, for grids of every shape, complete or not."""
    figure = drawn(report_of(name, incomplete))
    page = figure.bbox
    placed = list(texts(figure))
    for text, box in placed:
        inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= page.width and box.y1 <= page.height
        assert inside, f"{text!r} leaves the page"
    for (one, its), (other, others) in itertools.combinations(placed, 2):
        assert shared_area(its, others) < 4, f"{one!r} lies on {other!r}"


def test_the_longest_name_of_a_reference_stays_on_the_page(sixteen: Report) -> None:
    """As the reactive reference each has room in the margin, beside its score."""
    references = sixteen.evidence.references
    assert references is not None
    assert references.reactive is not None
    name = "trained_observation_only"
    of_name = {name: replace(references.all[references.reactive], name=name)}
    renamed = replace(references, reactive=name, all={**references.all, **of_name})
    figure = drawn(replace(sixteen, evidence=replace(sixteen.evidence, references=renamed)))
    (box, *_) = [box for text, box in texts(figure) if text.startswith("reactive, score 0.6") and name in text]
    assert box.x1 <= figure.bbox.width


def test_each_panel_shows_its_own_cell(sixteen: Report, figure: Figure) -> None:
    """In each panel the mean, every run and the interval are those of the cell whose row and column it stands in."""
    curves = ShownCurves(sixteen.evidence, sixteen.judgement)
    arrangement = layout([result.cell for result in sixteen.judgement.cells])
    by_place = [cell for row in arrangement.rows for cell in row]
    for axes, cell in zip(figure.axes, by_place, strict=True):
        mean = curves.mean(cell)
        assert mean is not None
        assert np.array_equal(np.asarray(axes.lines[-1].get_ydata()), mean)
        (collection,) = (each for each in axes.collections if each.get_zorder() == 4)
        segments = collection.get_segments()  # type: ignore[attr-defined]
        assert [segment[:, 1].tolist() for segment in segments] == [seed.tolist() for seed in curves.seeds(cell)]
    corner = figure.axes[0]
    assert wording.marked(sixteen.judgement.cells[-1].verdict) in panel_text(corner)
    assert "reward on · action on" in panel_text(corner)
    assert "memory on · tasks on" in panel_text(corner)


def test_titles_say_verdict_score_and_learned(sixteen: Report, figure: Figure) -> None:
    """Each panel carries its verdict, its late score with interval, and how many runs learned."""
    results = {result.cell: result for result in sixteen.judgement.cells}
    cells = [cell for row in layout(list(results)).rows for cell in row]
    for axes, cell in zip(figure.axes, cells, strict=True):
        result = results[cell]
        assert str(result.verdict) in panel_text(axes)
        assert f"late score {result.late.mean:.2f}".replace("-0.00", "0.00") in panel_text(axes)
        assert f"{result.learned}/3 learned" in panel_text(axes)


def test_the_references_are_named(figure: Figure) -> None:
    """Floor, reactive reference and yardstick are named at their lines with their scores; the legend comes once."""
    named = panel_text(figure.axes[3])
    for expected in ("yardstick: gittins\nscore 1.00", "floor: best_fixed\nscore 0.00", "reactive\nscore 0.6"):
        assert expected in named
    assert len(figure.legends) == 1


def test_all_panels_share_their_scales_and_cut_nothing(sixteen: Report, figure: Figure) -> None:
    """Every panel has the same limits, and no run's curve leaves them."""
    curves = ShownCurves(sixteen.evidence, sixteen.judgement)
    (limits,) = {axes.get_ylim() for axes in figure.axes}
    seeds = [seed for result in sixteen.judgement.cells for seed in curves.seeds(result.cell)]
    assert limits[0] < np.min(seeds)
    assert np.max(seeds) < limits[1]


def test_the_band_is_the_interval_over_runs(sixteen: Report) -> None:
    """The band at each episode is Student's interval over the runs' values at that episode."""
    curves, cell = ShownCurves(sixteen.evidence, sixteen.judgement), Cell(True, True, True, True)
    band = curves.band(cell)
    assert band is not None
    at_third = t_interval([seed[3] for seed in curves.seeds(cell)], 0.95)
    assert (band[0][3], band[1][3]) == (at_third.low, at_third.high)


def test_the_late_window_is_shaded(sixteen: Report, figure: Figure) -> None:
    """Of ten episodes the last two are shaded."""
    assert ShownCurves(sixteen.evidence, sixteen.judgement).late_from == 8
    shade = figure.axes[0].patches[0]
    assert isinstance(shade, Rectangle)
    assert (shade.get_x(), shade.get_width()) == (8.5, 2.0)


def test_a_cell_without_runs_says_so() -> None:
    """A cell that has no finished run has its panel, the references and its ceiling in it, and the words."""
    report = report_of("sixteen", incomplete=True)
    empty = [axes for axes in drawn(report).axes if "no finished run" in panel_text(axes)]
    assert len(empty) == 2
    assert all(len(axes.lines) == 4 for axes in empty)


def test_the_files_are_what_their_names_say(sixteen: Report) -> None:
    """A PNG wide enough to read and a well-formed SVG, without a date; drawn twice they are the same bytes."""
    pictures = draw(sixteen.evidence, sixteen.judgement)
    for picture in pictures:
        assert picture.png[:8] == b"\x89PNG\r\n\x1a\n"
        assert picture.svg.rstrip().endswith(b"</svg>")
        assert b"<dc:date>" not in picture.svg
    width, height = struct.unpack(">II", next(each for each in pictures if each.words.name == "adaptation").png[16:24])
    assert width >= 1600
    assert height >= 1200
    again = draw(sixteen.evidence, sixteen.judgement)
    assert again == pictures
    assert [picture.png for picture in again] == [picture.png for picture in pictures]


def test_dollars_in_a_question_are_dollars(tmp_path: Path) -> None:
    """A question with dollar signs is shown as written, not as a formula."""
    report = made(tmp_path / "bandit", {"question": "Is $x^2$ or $5 more?", "ingredients": ON, "seeds": 2})
    assert "Is $x^2$ or $5 more?" in [text for text, _ in texts(drawn(report))]
    draw(report.evidence, report.judgement)


def shape(arrangement: PanelLayout) -> list[int]:
    """Returns how many panels each row has."""
    return [len(row) for row in arrangement.rows]


def grid(**levels: list[object]) -> list[Cell]:
    """Returns the product of levels, the others on."""
    chosen = {name: levels.get(name, [True]) for name in ON}
    return [Cell(*values) for values in itertools.product(*chosen.values())]  # type: ignore[arg-type]


def test_the_sixteen_cells_make_a_square() -> None:
    """Rows are reward and action, columns memory and tasks; the full cell is the first, the empty one the last."""
    switch: list[object] = [False, True]
    arrangement = layout(grid(**dict.fromkeys(ON, switch)))
    assert shape(arrangement) == [4, 4, 4, 4]
    assert arrangement.by_row == ("reward_observation", "action_observation")
    assert arrangement.by_column == ("memory", "task_distribution")
    assert arrangement.rows[0][0].is_full
    assert arrangement.rows[-1][-1] == Cell(False, False, False, False)
    for row in arrangement.rows:
        assert len({(cell.reward_observation, cell.action_observation) for cell in row}) == 1
    for column in zip(*arrangement.rows, strict=True):
        assert len({(cell.memory, cell.task_distribution) for cell in column}) == 1


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ({}, [1]),
        ({"memory": [False, True]}, [2]),
        ({"task_distribution": [False, 2, 4, 8, 16, 32, True]}, [4, 3]),
        ({"memory": [False, True], "task_distribution": [False, 2, 4, 8, 16, True]}, [2] * 6),
        ({"reward_observation": [False, 0.5, True], "memory": [False, True]}, [3, 3]),
        ({"reward_observation": [0.1, 0.2, 0.3, 0.4, 0.5], "task_distribution": [2, 3, 4, 5, 6, 7]}, [5] * 6),
    ],
)
def test_grids_of_other_shapes(levels: dict[str, list[object]], expected: list[int]) -> None:
    """One ingredient makes lines of at most four panels, several make the widest matrix that fits."""
    assert shape(layout(grid(**levels))) == expected


def test_each_sibling_stands_below_its_kind() -> None:
    """The agent's own memory first, none last, however the study lists them; by another ingredient, kinds are rows."""
    kinds: list[object] = [MemoryKind(kind, on) for kind in ("window", "lstm", "transformer") for on in (False, True)]
    levels = [MemoryKind("none"), False, *kinds, True]
    rows = layout(grid(memory=levels)).rows
    assert [[cell.texts()["memory"] for cell in row] for row in rows] == [
        ["on", "lstm", "transformer", "window"],
        ["off", "lstm-off", "transformer-off", "window-off"],
        ["none"],
    ]
    arrangement = layout(grid(memory=levels, reward_observation=[True, False]))
    assert (arrangement.by_row, arrangement.by_column) == (("memory",), ("reward_observation",))
    assert all(len({cell.memory for cell in row}) == 1 for row in arrangement.rows)
    assert [[cell.reward_observation for cell in row] for row in arrangement.rows] == [[True, False]] * 9


def test_labels_are_spread_apart() -> None:
    """Labels that would lie on each other move up, those that do not stay."""
    assert spread([0.1, 0.12, 0.9], 0.2) == pytest.approx([0.1, 0.3, 0.9])
    assert spread([], 0.2) == []
