"""What docs/audit.md and README.md say of the published audit is what its audit.json says."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
FOUR = ("reward", "action", "memory", "tasks")
NEED = {
    "RepeatPrevious": "RepeatPrevious",
    "RepeatFirst": "RepeatFirst",
    "PositionOnlyCartPole": "PositionOnlyCartPole",
    "PositionOnlyPendulum": "PositionOnlyPendulum",
    "POPGym's bandit": "MultiarmedBandit",
    "VelocityOnlyCartPole": "VelocityOnlyCartpole",
}
PUBLISHED = ROOT / "results" / "published" / "audit"


def published() -> list[dict[str, Any]]:
    """Returns the lines that could be audited."""
    told = json.loads((PUBLISHED / "audit.json").read_text())
    return [line for line in told["environments"] if line["words"]]


def words(line: dict[str, Any], column: str) -> str:
    """Returns what is said of a column."""
    word: str = line["words"][column]["word"]
    return word


def test_the_page_counts_what_the_audit_found() -> None:
    """All four, three, each ingredient, what is lacked alone, rows of the table, and the front page's sentence."""
    lines = published()
    page, front = (" ".join((ROOT / name).read_text().split()) for name in ("docs/audit.md", "README.md"))
    supplied = {name: sum(words(line, name) == "supplied" for line in lines) for name in FOUR}
    has = [sum(words(line, name) == "supplied" for name in FOUR) for line in lines]
    lacks = Counter(
        name for line, n in zip(lines, has, strict=True) if n == 3 for name in FOUR if words(line, name) != "supplied"
    )
    needed = sum(words(line, "memory_needed") == "needed" for line in lines)
    all_four = f"{has.count(4)} of {len(lines)} environments supply all four"
    assert all_four in page
    assert all_four in front
    for said in (
        f"and {has.count(3)} supply three",
        f"The action is told in {supplied['action']}, episodes are different tasks in {supplied['tasks']}",
        f"leaves a trace in {supplied['memory']}, the reward is told in {supplied['reward']}.",
        f"{lacks['reward']} lack the reward, {lacks['memory']} the trace, {lacks['action']} the action, "
        f"{lacks['tasks']} tasks. A memory is needed in {needed}.",
    ):
        assert said in page
    for name, called in zip(FOUR, ("reward", "action", "memory in it", "tasks"), strict=True):
        found = sum(words(line, name) == "not found" for line in lines)
        row = f"| {called} | {supplied[name]} | {found} | {len(lines) - supplied[name] - found} |"
        assert row in page


def test_gains_of_known_environments_are_as_the_page_says() -> None:
    """Each number of the row of environments that need a memory is the published one; those that need none are .00."""
    gains = {line["id"]: line["findings"]["memory_needed"]["share"] for line in published()}
    page = (ROOT / "docs" / "audit.md").read_text()
    (row,) = re.findall(r"^\| needed \| (.*) \|$", page, flags=re.MULTILINE)
    said = dict(part.rsplit(" ", 1) for part in row.split(", "))
    assert said.keys() == NEED.keys()
    for name, number in said.items():
        assert float(number) == round(gains[f"popgym:popgym-{NEED[name]}Easy-v0"], 2), name
    for name in ("CartPole-v1", "Pendulum-v1", "Taxi-v4", "CliffWalking-v1", "FrozenLake-v1", "Hopper-v5"):
        assert round(gains[name], 2) <= 0.01


def test_the_published_audit_is_of_the_list_beside_it() -> None:
    """Every environment that was fixed beforehand has a line, and at least sixty could be audited."""
    listed = yaml.safe_load((PUBLISHED / "environments.yaml").read_text())["environments"]
    told = json.loads((PUBLISHED / "audit.json").read_text())["environments"]
    ids = [entry if isinstance(entry, str) else entry["id"] for entry in listed]
    assert [line["id"].partition(" (")[0] for line in told] == ids
    assert len(published()) >= 60
