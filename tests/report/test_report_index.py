"""`ingredients report DIR --index`: one page that opens every report of a folder."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from synthetic import bandit_study, write_results
from typer.testing import CliRunner

from cli import app
from ingredients.errors import StoreError
from ingredients.report.build import build_report
from ingredients.report.gallery import height
from ingredients.report.index import write_index

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "results" / "published"


@pytest.mark.usefixtures("one_picture")
def test_the_page_opens_every_report(tmp_path: Path) -> None:
    """Each study of the folder has its question, its answer and a link to its page; other folders have nothing."""
    (tmp_path / "no results").mkdir()
    for name in ("one", "two & three"):
        question = f"What of {name}?"
        write_results(tmp_path / name, bandit_study(question=question, seeds=1, ingredients={"memory": [False, True]}))
        build_report(tmp_path / name)
    result = CliRunner().invoke(app, ["report", str(tmp_path), "--index"])
    assert (result.exit_code, result.stdout.strip()) == (0, str(tmp_path / "index.html"))
    page = (tmp_path / "index.html").read_text()
    links = re.findall(r'href="([^":]+)"', page)
    assert links == ["one/report.html", "two%20%26%20three/report.html"]
    assert "What of two &amp; three?" in page
    said = json.loads((tmp_path / "one" / "report.json").read_text())["sentence"]
    assert said in page.replace("&#39;", "'")


def test_the_published_page_is_of_today(tmp_path: Path) -> None:
    """The page in results/published/ lists what lies beside it: `ingredients report results/published --index`."""
    there = sorted(path.parent for path in PUBLISHED.glob("*/report.json"))
    page = (PUBLISHED / "index.html").read_text()
    assert re.findall(r'href="([^":]+)/report.html"', page) == [folder.name for folder in there]
    copy = tmp_path / "published"
    for folder in there:
        (copy / folder.name).mkdir(parents=True)
        for name in ("report.json", "study.yaml", "curves.parquet"):
            (copy / folder.name / name).symlink_to(folder / name)
    assert write_index(copy).read_text() == page, "run `ingredients report results/published --index`"
    for number, status in (("1", "supported"), ("2", "supported"), ("1", "undecided")):
        assert f"Claim {number}: {status}" in page
    assert not re.search(r"\bC[1-6]\b", re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL))


def test_each_published_study_has_a_small_figure() -> None:
    """A tile for each cell with its verdict, and a curve that rises for those that learn; the page stays small."""
    page = (PUBLISHED / "index.html").read_text()
    parts = dict(re.findall(r'<section id="(.*?)">(.*?)</section>', page, flags=re.DOTALL))
    for folder, part in parts.items():
        kept = json.loads((PUBLISHED / folder / "report.json").read_text())["cells"]
        tiles = re.findall(r'<span class="([\w-]+)" title="[^"]+: ([\w -]+), late score', part)
        assert sorted(word for _, word in tiles) == sorted(cell["verdict"] or "not applicable" for cell in kept)
        assert {kind for kind, _ in tiles} == {cell["verdict"] or "null" for cell in kept}
        assert part.count("<polyline") == 2
        assert len(part) < 8_000
    (curve,) = re.findall(r'<polyline class="in-context" points="(.*?)"', parts["bandit"])
    heights = [float(point.partition(",")[2]) for point in curve.split()]
    assert len(heights) == 50
    assert heights[0] == pytest.approx(height(0), abs=1)
    assert heights[-1] == pytest.approx(height(0.95), abs=1)
    assert len(page) < 150_000


def test_a_folder_without_reports_is_refused(tmp_path: Path) -> None:
    """One line says what was expected; so it does where a report is no report."""
    with pytest.raises(StoreError, match=r"no folder in it has a report\.json"):
        write_index(tmp_path)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "report.json").write_text("{}")
    with pytest.raises(StoreError, match="damaged"):
        write_index(tmp_path)
    result = CliRunner().invoke(app, ["report", "--index", str(tmp_path), str(tmp_path)])
    assert (result.exit_code, "one page" in result.stderr) == (2, True)
