"""Every number that README and docs say of a published study is in that study's report.

A sentence (or a cell of a table) that links to `results/published/<study>/report.md` speaks of that study. Its numbers
with a decimal point are looked up in `report.json` beside it, rounded as written: below 2 among late scores, above
among returns. `5 of 5` has to be how many runs of some cell learned. A number of something else belongs in a sentence
of its own; one number of many can be the link: `[.62](results/published/bandit/report.md)`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\([^)]*?results/published/([\w.-]+)/report\.md\)")
SMALL = 2.0


class Said(NamedTuple):
    """A sentence that links to reports: which studies they are of, its decimals as written, its `n of m`."""

    text: str
    studies: list[str]
    decimals: list[str]
    shares: list[tuple[int, int]]


def sentences(page: str) -> Iterator[str]:
    """Yields the sentences of a page, and those of each cell of its tables; fenced blocks are left out."""
    prose = re.sub(r"^```.*?^```", "", page, flags=re.MULTILINE | re.DOTALL)
    for block in re.split(r"\n\s*\n|\n(?=[|*#-] ?)", prose):
        for part in block.split(" | ") if block.startswith("|") else [block]:
            yield from re.split(r"(?<=[.!?])\s+(?=[A-Z*`\[])", " ".join(part.split()))


def said(page: str) -> Iterator[Said]:
    """Yields what a page says of published studies."""
    for sentence in sentences(page):
        if studies := LINK.findall(sentence):
            text = re.sub(r"\]\([^)]*\)|`[^`]*`", "", sentence)
            decimals = re.findall(r"(?<![\w.])\d*\.\d+(?![\w])", text)
            shares = [(int(n), int(m)) for n, m in re.findall(r"\b(\d+) of (\d+)\b", text)]
            yield Said(sentence, studies, decimals, shares)


def report(study: str) -> dict[str, Any]:
    """Returns a published report."""
    loaded: dict[str, Any] = json.loads((ROOT / "results" / "published" / study / "report.json").read_text())
    return loaded


def numbers(found: dict[str, Any]) -> tuple[set[float], set[float]]:
    """Returns the late scores of a report's cells, and returns of cells, runs, ceilings and references; with bounds."""
    late = {number for cell in found["cells"] for number in cell["late"].values()}
    returns = [number for cell in found["cells"] for name in ("return", "gap") for number in cell[name].values()]
    returns += [run["return"] for cell in found["cells"] for run in cell["runs"]]
    returns += [cell["ceiling"]["return"] for cell in found["cells"] if cell["ceiling"]]
    returns += [reference["return"] for reference in found["references"].values()]
    returns += [n for reference in found["references"].values() for n in reference.get("passed_by", {}).values()]
    return {n for n in late if n is not None}, {abs(n) for n in returns if n is not None}


def is_in(written: str, found: list[dict[str, Any]]) -> bool:
    """Returns whether a decimal is one of the reports' numbers, rounded to as many digits as are written."""
    number, digits = float(written), len(written.partition(".")[2])
    known = [each for one in found for each in numbers(one)[number >= SMALL]]
    return any(abs(each - number) <= 0.5 * 10**-digits + 1e-9 for each in known)


def wrong(page: str) -> list[str]:
    """Returns what a page says of published studies that their reports do not."""
    missing = []
    for one in said(page):
        found = [report(study) for study in one.studies]
        shares = {(cell["learned"], cell["seeds"]) for each in found for cell in each["cells"]}
        missing += [f"{written}: {one.text}" for written in one.decimals if not is_in(written, found)]
        missing += [f"{n} of {m}: {one.text}" for n, m in one.shares if (n, m) not in shares]
    return missing


@pytest.mark.parametrize("page", PAGES, ids=[path.name for path in PAGES])
def test_pages_say_what_reports_say(page: Path) -> None:
    """Each decimal and each count of runs in a sentence that links to a report occurs in it."""
    assert wrong(page.read_text()) == []


def test_the_findings_say_something_to_look_up() -> None:
    """Numbers of the flagship, of the dark room and of the MDPs are among those that are looked up; counts, too."""
    found = list(said((ROOT / "docs" / "findings.md").read_text()))
    assert {"bandit", "darkroom", "tabular-mdp"} <= {study for one in found if one.decimals for study in one.studies}
    assert (8, 10) in {share for one in found for share in one.shares}
    assert (8, 10) in {share for one in said(PAGES[0].read_text()) for share in one.shares}


def test_a_wrong_number_is_found() -> None:
    """A late score, a return and a count that the report does not have are each said; words and code are not read."""
    link = "([report](results/published/bandit/report.md))"
    full = next(cell for cell in report("bandit")["cells"] if all(cell["cell"].values()))
    right = f"It ends at {full['late']['mean']:.2f}, {full['learned']} of {full['seeds']} runs {link}."
    assert wrong(right) == []
    assert [line[:4] for line in wrong(f"It ends at .013 and returns 17.123 {link}.")] == [".013", "17.1"]
    assert [line[:6] for line in wrong(f"There 3 of 77 runs learned {link}.")] == ["3 of 7"]
    assert wrong(f"It is known {link}. Elsewhere it ends at .013. `x = .013` {link}.") == []
    assert len(wrong(f"| a | ends at .013 {link} | .014 |")) == 1
