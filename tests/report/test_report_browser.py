"""`report.html` in a real browser with the network off, on a phone and on a desk, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import CHROMIUM, Browser, browser
from synthetic import bandit_study, write_results

from ingredients.report.build import read_report
from ingredients.report.compare import Comparison
from ingredients.report.side import published

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: apt-get install chromium")

ROOT = Path(__file__).parents[2]
WIDTH = "document.documentElement.scrollWidth"
PAPER = 718  # A4 less the margins, in CSS pixels
WIDER = """[...document.querySelectorAll("table, svg, pre")].filter(
    (each) => Math.max(each.getBoundingClientRect().right, each.scrollWidth) > innerWidth).length"""
PLACES = """[...document.querySelectorAll(".pair")][0].querySelectorAll(".spots rect").values().map((each) => {
    const box = each.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
}).toArray()"""
BAD = """<!DOCTYPE html><title>bad</title><link rel="icon" href="data:,"><div style="width: 900px">wide</div>
<img src="http://example.invalid/picture.png"><script>console.error("broken")</script>"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a grid with a failed and a missing run, a graded level and a question that holds markup."""
    study = bandit_study(
        question="Is <script>alert(1)</script> & <b>markup</b> harmless? " + "long_word" * 12,
        ingredients={
            "action_observation": [True],
            "memory": [False, {"wipe_every": 10}, True],
            "task_distribution": [True, False],
        },
        evaluation={"points": 12},
        seeds=3,
    )
    folder = tmp_path_factory.mktemp("results") / "bandit"
    kept = "reward-on_action-on_memory-on_tasks-on"
    write_results(folder, study, failed=[f"{kept}_seed-1"], missing=[f"{kept}_seed-2"])
    file = folder / "report.html"
    file.write_text(read_report(folder).html, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests."""
    with browser(tmp_path_factory.mktemp("profile")) as made:
        yield made


@pytest.mark.parametrize(("width", "dark"), [(400, False), (400, True), (1280, False)])
def test_nothing_leaves_nothing_complains_nothing_overflows(
    window: Browser, page: Path, width: int, dark: bool
) -> None:
    """The page asks for itself alone, its console is empty, and it is as wide as its window."""
    window.asked.clear()
    window.complaints.clear()
    window.open(page, width, dark)
    assert [url for url in window.asked if not url.startswith("data:")] == [page.as_uri()]
    assert window.complaints == []
    assert window.ask(WIDTH) <= width
    assert window.ask("document.querySelectorAll('svg[role=img]').length") >= 14
    assert window.ask("document.querySelectorAll('iframe, img').length") == 0
    assert window.ask("document.querySelectorAll('script').length") == 1  # that of the copy button
    assert window.ask("document.querySelectorAll('script[src]').length") == 0


def test_a_bad_page_is_found_out(window: Browser, tmp_path: Path) -> None:
    """What the test above looks for is there to be found: a wide box, a picture from elsewhere, an error."""
    bad = tmp_path / "bad.html"
    bad.write_text(BAD, encoding="utf-8")
    window.asked.clear()
    window.complaints.clear()
    window.open(bad, 400)
    assert "http://example.invalid/picture.png" in window.asked
    assert any("broken" in complaint for complaint in window.complaints)
    assert window.ask(WIDTH) >= 900


def test_nothing_is_cut_off_in_print(window: Browser, page: Path) -> None:
    """On a sheet of A4 no table, picture or listing is wider than the paper, though it cannot be scrolled."""
    window.open(page, PAPER)
    assert window.ask(WIDER) > 0
    window.call("Emulation.setEmulatedMedia", media="print")
    assert window.ask(WIDER) == 0
    window.call("Emulation.setEmulatedMedia", media="")


def test_light_and_dark_are_both_drawn(window: Browser, page: Path) -> None:
    """Paper and ink change places, in the pictures too, and their contrast stays above 7 to 1."""
    seen = {}
    for dark in (False, True):
        window.open(page, 1280, dark)
        paper = window.ask("getComputedStyle(document.body).backgroundColor")
        ink = window.ask("getComputedStyle(document.body).color")
        drawn = window.ask("[...document.querySelectorAll('svg *')].map(e => getComputedStyle(e).fill)")
        assert ink in drawn
        assert contrast(paper, ink) > 7
        seen[dark] = paper
    assert seen[False] != seen[True]


def test_figures_beside_one_another_are_equally_high(window: Browser, page: Path) -> None:
    """Each takes width by its shape; on a phone they stand below one another, as wide as the window."""
    heights = """[...document.querySelectorAll(".pair")].map((pair) =>
        [...pair.querySelectorAll("svg")].map((each) => each.getBoundingClientRect().height))"""
    window.open(page, 1280)
    pairs = [each for each in window.ask(heights) if len(each) > 1]
    assert len(pairs) >= 2
    assert all(max(each) - min(each) < 1.5 for each in pairs)
    window.open(page, 400)
    assert window.ask("document.querySelector('.pair svg').getBoundingClientRect().width") > 300


def test_studies_side_by_side_open_offline(window: Browser, tmp_path: Path) -> None:
    """The page of a comparison asks for itself alone, has nothing to complain of, and fits its window."""
    report = published(ROOT / "results" / "published" / "memory-horizon")
    assert report is not None
    file = tmp_path / "both.html"
    file.write_text(Comparison([report, report]).html, encoding="utf-8")
    for width in (400, 1280):
        window.asked.clear()
        window.complaints.clear()
        window.open(file, width)
        assert [url for url in window.asked if not url.startswith("data:")] == [file.as_uri()]
        assert window.complaints == []
        assert window.ask(WIDTH) <= width
    assert window.ask("document.querySelectorAll('svg[role=img]').length") == 1 + len(report.side.cells)


def test_a_table_that_scrolls_says_so(window: Browser, page: Path) -> None:
    """On a phone the hint stands above each table that is wider than its box, and above no other."""
    wider = "[...document.querySelectorAll('.wide')].map((box) => box.scrollWidth > box.clientWidth)"
    hints = "[...document.querySelectorAll('.above')].map((bar) => getComputedStyle(bar, '::before').content != 'none')"
    seen = {}
    for width in (400, 1280):
        window.open(page, width)
        window.call("Page.captureScreenshot", format="png")  # a frame is drawn, so sizes have been observed
        seen[width] = window.ask(hints)
        assert seen[width] == window.ask(wider)
    assert sum(seen[400]) > 3 > sum(seen[1280])


def test_the_pointer_is_told_values(window: Browser, page: Path) -> None:
    """A tile says its cell, a curve its episode with every line's value; away from them nothing is said."""
    window.open(page, 1280)
    tile, *_, last = window.ask(PLACES)
    for (x, y), said in ((tile, "all four ingredients: undecided, late score 0.9"), (last, "episode 50: 0.7")):
        window.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        assert said in window.ask("document.querySelector('.value').textContent")
    assert "memory swapped" in window.ask("document.querySelector('.value').textContent")
    window.call("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)
    assert window.ask("getComputedStyle(document.querySelector('.value')).display") == "none"


def contrast(one: str, other: str) -> float:
    """Returns the contrast of two colours `rgb(r, g, b)` (WCAG 2.2)."""
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def luminance(colour: str) -> float:
    """Returns the relative luminance of a colour."""
    parts = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
