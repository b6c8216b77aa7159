"""What people read is short: the README, its sentences, those of docs/, and those of a report."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prose import median_length, sentences, too_long, words
from synthetic import bandit_study, write_results

from ingredients.report.build import read_report

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "results" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_readme_takes_few_minutes() -> None:
    """At most 1,200 words outside of code blocks and tables."""
    prose = re.sub(r"^```.*?^```", "", (ROOT / "README.md").read_text(), flags=re.MULTILINE | re.DOTALL)
    lines = [line for line in prose.splitlines() if not line.startswith("|")]
    assert 400 < len(" ".join(lines).split()) <= 1200


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_sentences_of_pages_are_short(page: Path) -> None:
    """Half of them have at most 20 words, and none, in tables neither, has more than 40."""
    assert too_long(page.read_text()) == []
    assert median_length(page.read_text()) <= 20


def test_sentences_of_a_report_are_short(tmp_path: Path) -> None:
    """The same of a report of sixteen cells, with a failed and a missing run."""
    failed, missing = (f"reward-on_action-{level}_memory-on_tasks-on_seed-1" for level in ("on", "off"))
    write_results(tmp_path / "bandit", bandit_study(), failed=[failed], missing=[missing])
    text = read_report(tmp_path / "bandit").markdown
    assert too_long(text) == []
    assert median_length(text) <= 20
    assert not re.search(r"\bC[1-6]\b", text)


def test_a_report_begins_with_question_answer_and_meaning(tmp_path: Path) -> None:
    """Its first three sentences are what was asked, what was found, and what that means for the essay."""
    write_results(tmp_path / "bandit", bandit_study())
    asked, found, means, *_ = sentences(read_report(tmp_path / "bandit").markdown)
    assert asked == "Which of the four ingredients does in-context learning need on a five-armed bandit?"
    assert found.startswith("In-context learning was shown in 2 of 16 cells (all four ingredients; ")
    assert means.startswith("Claim 1 of the essay (all four ingredients are required) is ")


def test_what_is_long_is_found() -> None:
    """A sentence of 41 words is, in a table, too; code, links and intervals are not counted as words."""
    long = " ".join(["Word"] * 41)
    assert [line[:8] for line in too_long(f"Short. {long}. Short.\n\n| {long} | b |\n")] == ["41 words"] * 2
    assert too_long(f"```\n{long}\n```\n\n{long[:-5]}.") == []
    assert words("The page has 0.95 [0.94, 0.96] by `--set a=b c`") == 6
    assert sentences("# Title\n\nOne. Two `code`. Three (four).\n\n- Five.\n") == [
        "Title",
        *["One.", "Two `code`.", "Three (four).", "Five."],
    ]
