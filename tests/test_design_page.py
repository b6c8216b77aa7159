"""docs/design.md has every section that others refer to, and defines the claims that reports name."""

from __future__ import annotations

import re
from pathlib import Path

from ingredients.judgement.claims import ENOUGH, REQUIRED, STORED
from ingredients.probes import PROBES
from ingredients.report.wording import VERDICT_MARKS
from ingredients.study import INGREDIENTS, Study

ROOT = Path(__file__).parent.parent
DESIGN = (ROOT / "docs" / "design.md").read_text()
FOLDERS = ("ingredients", "tests", "ablations", "docs", "results")
TEXTS = [ROOT / "cli.py", *ROOT.glob("*.md")] + [
    path
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".py", ".md", ".yaml", ".toml") and "published" not in path.parts
]


def section(number: str) -> str:
    """Returns the text of a numbered section; empty where there is none."""
    return DESIGN.partition(f"\n## {number}. ")[2].partition("\n## ")[0]


def wrong_sections(path: Path) -> list[str]:
    """Returns each § of a file that is neither one of docs/design.md nor behind the year of a paper."""
    wrong, text = [], " ".join(path.read_text().split())
    for found in re.finditer(r"§(\d+)", text):
        before = text[max(0, found.start() - 80) : found.start()]
        ours = re.search(r"design\.md( and| or|,|;| §\d+| traps?| \d+)* $", before)
        if not (section(found[1]) if ours else re.search(r"\d{4}, $", before)):
            wrong.append(f"{path.name}: {before[-40:]}{found[0]}")
    return wrong


def test_every_section_sign_leads_somewhere() -> None:
    """A § is one of docs/design.md that exists, or follows the year of the paper that it is of."""
    assert [wrong for path in TEXTS for wrong in wrong_sections(path)] == []


def test_every_trap_is_one_of_the_list() -> None:
    """A numbered trap stands in the list of docs/design.md."""
    for path in TEXTS:
        for numbers in re.findall(r"\btraps? (\d[\d, and]*)", path.read_text()):
            for number in re.findall(r"\d+", numbers):
                assert f"\n{number}. **" in section("5"), f"{path.name}: trap {number}"


def test_the_claims_that_reports_name_are_defined() -> None:
    """Each claim's name in a report is the wording of the table of claims, which has all six."""
    table = " ".join(section("2").split())
    for claim in (REQUIRED, ENOUGH, STORED):
        number, words = re.fullmatch(r"Claim (\d) of the essay \((.*)\)", claim).groups()  # type: ignore[union-attr]
        assert f"| C{number}, claim {number} |" in table
        assert words.lower() in table.lower(), words
    assert re.findall(r"\| C(\d), claim \1 \|", table) == list("123456")


def test_the_words_of_a_report_are_defined() -> None:
    """The ingredients, the verdicts and the sections of a study each stand on the page."""
    verdicts = [verdict for verdict in VERDICT_MARKS if verdict]
    for word in (*INGREDIENTS, *verdicts, *Study.model_fields):
        assert f"`{word}`" in DESIGN, word


def test_every_probe_has_its_row() -> None:
    """The table says of each what it does, and what a loss means."""
    rows = [line.split("|")[1] for line in section("8").splitlines() if line.startswith("|")]
    assert {probe.name for probe in PROBES} <= {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_no_code_of_a_claim_stands_alone() -> None:
    """Nobody has to know what C1 is: outside the page that defines it, a claim goes by its number or its words."""
    for path in TEXTS:
        if path.name != "design.md" and path.suffix != ".py":
            assert not re.search(r"\bC[1-6]\b", path.read_text()), path
