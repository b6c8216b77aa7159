"""The other pictures: what each shows, that nothing is cut off, and what becomes of them inside a page."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import matplotlib.style
import numpy as np
import pytest
from drawn_studies import STUDIES, made, report_of, shared_area, texts
from matplotlib.figure import Figure
from synthetic import bandit_study, write_results

from ingredients.report.build import Report, read_report
from ingredients.report.figures import Picture, draw, effects, emergence, probes, single, small_multiples, truth_table
from ingredients.report.figures.drawn import STYLE
from ingredients.report.figures.inline import inline
from ingredients.report.figures.sentences import score_in_words
from ingredients.report.figures.view import View
from ingredients.report.wording import number

PICTURES: dict[str, Callable[[View], Figure]] = {
    "truth_table": truth_table.figure,
    "full_cell": single.full_cell,
    "small": lambda view: single.small(view, 0),
    "probes": lambda view: probes.figure(view, view.learners[0]),
    "emergence": emergence.figure,
    "effects": effects.effects,
    "runs": effects.runs,
}
SHAPES = ["sixteen", "one", "one-seed", "line", "graded", "kinds", "kinds-by-reward"]
DOSES = {"ingredients": {**STUDIES["line"]["ingredients"]}, "seeds": 2}  # type: ignore[dict-item]


@pytest.fixture(autouse=True)
def _a_package(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of the user's own memory, which some of the studies name."""
    folder = tmp_path_factory.mktemp("path")
    (folder / "a_package").mkdir()
    (folder / "a_package" / "of_research.py").touch()
    monkeypatch.syspath_prepend(folder)


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> View:
    """Sixteen cells with five seeds."""
    return view_of(made(tmp_path_factory.mktemp("results") / "bandit", {"ingredients": {}, "seeds": 5}))


@pytest.fixture(scope="module")
def pictures(view: View) -> tuple[Picture, ...]:
    """All that is drawn of them."""
    return draw(view.evidence, view.judgement)


def view_of(report: Report) -> View:
    """Returns what pictures of a report are made of."""
    return View(report.evidence, report.judgement)


def painted(make: Callable[[View], Figure], view: View) -> Figure:
    """Returns a figure, drawn in the report's style."""
    with matplotlib.style.context(["default", STYLE]):
        figure = make(view)
        figure.draw_without_rendering()
    return figure


def written(figure: Figure) -> list[str]:
    """Returns all texts of a figure."""
    return [text for text, _ in texts(figure)]


@pytest.mark.parametrize(("picture", "study"), list(itertools.product(PICTURES, SHAPES)))
def test_nothing_is_cut_off_and_no_text_lies_on_another(picture: str, study: str) -> None:
    """All text lies inside the picture, and no two texts overlap, for grids of every shape."""
    check_texts(painted(PICTURES[picture], view_of(report_of(study))))


@pytest.mark.parametrize("study", ["line", "graded", "wide"])
def test_doses_are_written_apart(study: str) -> None:
    """The same holds of doses, which only some grids have."""
    check_texts(painted(effects.doses, view_of(report_of(study))))


def check_texts(figure: Figure) -> None:
    """Looks for a text that leaves the picture or lies on another."""
    placed = list(texts(figure))
    for text, box in placed:
        inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= figure.bbox.width + 1 and box.y1 <= figure.bbox.height + 1
        assert inside, f"{text!r} leaves the picture"
    for (one, its), (other, others) in itertools.combinations(placed, 2):
        assert shared_area(its, others) < 8, f"{one!r} lies on {other!r}"


def test_the_truth_table_has_a_tile_for_each_cell(view: View) -> None:
    """Sixteen verdicts with their marks, beside how many runs learned."""
    said = written(painted(truth_table.figure, view))
    assert sum(text in ("● in-context", "◐ reactive", "○ none", "? undecided") for text in said) == 16
    assert said.count("● in-context") == sum(result.verdict == "in-context" for result in view.cells)
    assert sum(text.endswith("learned") for text in said) == 16


def test_a_probe_begins_where_it_touches_the_lifetime(view: View) -> None:
    """The swapped curve is drawn from half-way on, the yoked one from the first episode; both are the probe's own."""
    figure = painted(PICTURES["probes"], view)
    drawn = {}
    for axes in figure.axes:
        curves = [line for line in axes.lines if len(np.asarray(line.get_xdata())) > 2]
        drawn[axes.texts[-1].get_text()] = max(curves, key=lambda line: line.get_linewidth())
    swap, yoke = drawn["memory swapped half-way"], drawn["rewards of another lifetime"]
    curve = np.array(view.learners[0].probes["memory_swap"].curve)
    assert np.asarray(swap.get_xdata()).tolist() == [6, 7, 8, 9, 10]
    assert np.asarray(swap.get_ydata()).tolist() == curve[5:].tolist()
    assert np.asarray(yoke.get_xdata()).tolist() == list(range(1, 11))


def test_every_run_is_a_dot_in_its_cells_row(view: View) -> None:
    """Five seeds a cell: five dots in each of sixteen rows, at the runs' late scores."""
    (axes,) = painted(effects.runs, view).axes
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert len(dots) == 16
    for row, (line, result) in enumerate(zip(dots, view.cells, strict=True)):
        assert np.asarray(line.get_xdata()).tolist() == [run.late for run in result.runs]
        assert set(np.asarray(line.get_ydata()).tolist()) == {row}


def test_effects_show_the_ingredients_and_the_design(view: View) -> None:
    """Four simple effects, and below them fifteen of the whole grid; without the whole grid only the first."""
    simple, design = painted(effects.effects, view).axes
    assert simple.get_yticklabels()[0].get_text() == "reward observation"
    assert len(design.get_yticks()) == 15


def test_emergence_shows_held_out_and_training_tasks(view: View) -> None:
    """The cell that was trained on one task is among those shown, and its two courses part."""
    results = emergence.shown(view)
    memorised = next(result for result in results if result.cell.task_distribution is False)
    held_out, own = (view.curves.course(memorised.cell, tasks) for tasks in ("held_out", "training"))
    assert held_out is not None
    assert own is not None
    assert own.mean[-1] > held_out.mean[-1] + 0.2
    assert any(result.verdict == "in-context" for result in results)


def test_doses_are_drawn_where_an_ingredient_is_graded(tmp_path: Path) -> None:
    """Seven levels of training tasks are a curve; sixteen on/off cells are none."""
    graded = made(tmp_path / "doses", DOSES)
    names = [each.words.name for each in draw(graded.evidence, graded.judgement)]
    assert "doses" in names
    (axes,) = painted(effects.doses, view_of(graded)).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["off", "2", "4", "16", "64", "100000", "on"]


def test_pictures_are_left_out_where_there_is_nothing_to_show() -> None:
    """One cell has no effect of lacking an ingredient and no doses; its verdict, curve and runs are there."""
    report = report_of("one")
    names = [each.words.name for each in draw(report.evidence, report.judgement)]
    assert names == ["truth_table", "full_cell", "adaptation", "probes", "emergence", "runs"]


def test_alternatives_say_what_is_seen(pictures: tuple[Picture, ...]) -> None:
    """Whoever does not see a picture reads verdicts and scores."""
    alts = {each.words.name: each.words.alt for each in pictures}
    assert "all four ingredients: in-context, late score 0.96" in alts["truth_table"]
    assert "memory swapped half-way: score lost" in alts["probes"]
    assert "of 5 runs adapt" in alts["emergence"]
    assert "memory 0." in alts["effects"]


def test_a_picture_inside_a_page_names_nothing_outside(view: View, pictures: tuple[Picture, ...]) -> None:
    """No link, no declaration, no colour of its own for ink; ids that no other picture has, and every one resolves."""
    seen: set[str] = set()
    small = [each for _, each in small_multiples(view.evidence, view.judgement)]
    for picture in [*pictures, *small[:3]]:
        text = inline(picture)
        assert "http" not in text
        assert "<!DOCTYPE" not in text
        assert "#222222" not in text
        assert 'role="img"' in text
        ids = set(re.findall(r'\bid="([^"]+)"', text))
        assert not ids & seen
        seen |= ids
        assert set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text)) <= {(one, "") for one in ids} | {
            ("", o) for o in ids
        }
        assert ET.fromstring(text).tag == "svg"


def test_values_are_said_where_they_are_drawn(view: View, pictures: tuple[Picture, ...]) -> None:
    """A tile says its cell; strips along a curve cover the axis once and say the curve's values in their order."""
    named = {picture.words.name: picture for picture in pictures}
    tiles = [spot.text for spot in named["truth_table"].spots]
    assert sorted(tiles) == sorted(map(score_in_words, view.cells))
    strips = named["full_cell"].spots
    mean = view.curves.mean(view.cells[0].cell)
    assert mean is not None
    assert [spot.text.partition(" [")[0] for spot in strips] == [
        f"episode {place}: {number(value)}" for place, value in enumerate(mean, start=1)
    ]
    for one, next_ in itertools.pairwise(strips):
        assert one.left + one.width == pytest.approx(next_.left)
    assert all(spot.left >= 0 and spot.left + spot.width <= 1 for picture in pictures for spot in picture.spots)
    assert {"effects", "runs", "probes", "emergence"} <= {name for name, picture in named.items() if picture.spots}
    assert inline(named["full_cell"]).count("</title></rect>") == len(strips)


def test_words_of_a_user_stay_words_inside_a_page(tmp_path: Path) -> None:
    """A memory whose name holds markup is shown as it is written."""
    report = made(tmp_path / "bandit", {"ingredients": STUDIES["one"]["ingredients"], "seeds": 2})
    picture = draw(report.evidence, report.judgement)[0]
    words = type(picture.words)("truth_table", "<script>alert(1)</script>", 'a "quoted" & <b>bold</b> word')
    text = inline(type(picture)(words, picture.svg, picture.figure))
    assert "<script>" not in text
    assert "<b>" not in text
    assert ET.fromstring(text)[0].text == "<script>alert(1)</script>"


def test_small_multiples_are_one_for_each_cell(view: View) -> None:
    """The fullest first; none is drawn as PNG, since only a page shows them."""
    pictures = small_multiples(view.evidence, view.judgement)
    assert [result.cell for result, _ in pictures] == [result.cell for result in view.cells]
    assert not any("png" in vars(picture) for _, picture in pictures)


def test_failed_runs_are_named_in_their_row(tmp_path: Path) -> None:
    """A row says how many of its runs failed, so that no mean stands alone."""
    study = bandit_study(seeds=3)
    write_results(tmp_path / "b", study, failed=["reward-on_action-on_memory-on_tasks-on_seed-2"])
    report = read_report(tmp_path / "b")
    (axes,) = painted(effects.runs, view_of(report)).axes
    assert axes.get_yticklabels()[0].get_text() == "all four ingredients (1 failed)"
