"""Whatever a study's file holds, `plan` gives a plan, or one line and exit code 2; never a traceback."""

from __future__ import annotations

import io
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import yaml
from command import ROOT
from hypothesis import HealthCheck, example, given, note, settings
from hypothesis import strategies as st

from cli import app
from ingredients.errors import IngredientsError
from ingredients.grid import runs
from ingredients.grid_run.estimate import Estimate
from ingredients.grid_run.jobs import StackOptions, grid_jobs, other_training, parts
from ingredients.grid_run.plan import plan_text
from ingredients.grid_run.request import ask_for
from ingredients.study import Study, load_study

SHIPPED = sorted((ROOT / "ablations").glob("*.yaml"))
TEXTS = [path.read_text(encoding="utf-8") for path in SHIPPED]
RESOLVED = [load_study(path).resolved() for path in SHIPPED]
MOST_RUNS = 200  # of a study that is planned to the end here; a larger one is only read, which takes no time

ODD_NUMBERS = (None, True, False, 0, 1, -1, 5, 16, 10**30, 0.5, -0.0, 1e-320, 1e308, float("nan"), float("inf"))
ODD_TEXTS = (
    *("", " ", "on", "off", "auto", "none", "gru", "lstm-off", "no_such:Memory", "a:b:c", "../x", "~", "5e-3"),
    *(
        "2026-01-01",
        "0x10",
        "1_000",
        "\u00e9",
        "\u202e",
        "\u2028",
        "\U0001f600",
        "x" * 300,
        "a\nb",
        "[",
        "{",
        "&a",
        "*a",
    ),
)
ODD_LISTS: tuple[object, ...] = (
    *([], {}, [[]], [None], [True, True], [0, False], [0.5, "on"]),
    *({"wipe_every": 4}, {"wipe_every": 0}, {1: 2}),
)
ODD = st.one_of(
    st.sampled_from([*ODD_NUMBERS, *ODD_TEXTS, *ODD_LISTS]),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.dates(),
    st.binary(max_size=4),
)
ANY = st.recursive(
    ODD,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6) | st.integers(), inner, max_size=4),
    max_leaves=8,
)
WITHOUT_LIMITS = settings(
    deadline=None, derandomize=True, database=None, max_examples=120, suppress_health_check=list(HealthCheck)
)


def outcome(content: bytes) -> str:
    """Returns what becomes of a file: "planned", or the one line that refuses it."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "study.yaml"
        path.write_bytes(content)
        try:
            plan_without_timing(path)
        except IngredientsError as error:
            expected = "".join(f"error: {mistake}\n" for mistake in str(error).splitlines())
        else:
            return "planned"
        line = refusal(path)
    note(line)
    assert line == expected
    return line


def plan_without_timing(path: Path) -> None:
    """Does all that `plan` does, but for the seconds in which workers time a kernel."""
    grid = ask_for(path, [], False, None, None, path.parent / "results")
    if len(runs(grid.study)) > MOST_RUNS:
        return
    conflict, rest = other_training(grid.study, grid.directory), grid.remaining()
    text = plan_text(rest, grid.cells, grid.directory, conflict, Estimate(1, 10**9, 1e6, 60.0))
    assert f"0 of {len(rest.runs)} runs are finished" in text
    assert len(grid_jobs(rest, grid.directory, StackOptions())) == len(parts(rest))
    assert load_again(grid.study) == grid.study


def load_again(study: Study) -> Study:
    """Returns the study as it is read back from the results folder."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "study.yaml"
        path.write_text(study.to_yaml(), encoding="utf-8")
        return load_study(path)


def refusal(path: Path) -> str:
    """Returns what the command says on stderr: a line for each mistake; exit code 2 and nothing on stdout."""
    errors, output = io.StringIO(), io.StringIO()
    with redirect_stderr(errors), redirect_stdout(output), pytest.raises(SystemExit) as end:
        app(["plan", str(path)])
    assert end.value.code == 2
    said = errors.getvalue()
    assert said
    assert all(line.startswith("error: ") for line in said.splitlines())
    assert (said[-1:], output.getvalue()) == ("\n", "")
    return said


@given(ANY)
@example({})
@example([])
@WITHOUT_LIMITS
def test_any_structure(data: object) -> None:
    """Structures of every kind, that PyYAML writes and that are no studies but by a miracle."""
    assert outcome(yaml.dump(data, allow_unicode=True).encode()) != "planned"


@given(st.text(max_size=60))
@WITHOUT_LIMITS
def test_any_text(text: str) -> None:
    """Texts of every kind."""
    assert outcome(text.encode("utf-8", errors="surrogatepass")) != "planned"


@given(st.binary(max_size=60))
@WITHOUT_LIMITS
def test_any_bytes(content: bytes) -> None:
    """Not even text."""
    assert outcome(content) != "planned"


@given(st.sampled_from(RESOLVED), st.data())
@WITHOUT_LIMITS
def test_a_study_with_one_value_changed(study: dict[str, Any], data: st.DataObject) -> None:
    """A near miss: a valid study in which one key, at any depth, is gone, misspelt, or has another value."""
    changed, place = _copy(study), data.draw(st.sampled_from(_places(study)))
    _change(changed, place, data)
    outcome(yaml.dump(changed, allow_unicode=True).encode())


@given(st.sampled_from(TEXTS), st.data())
@WITHOUT_LIMITS
def test_a_study_with_a_slip_of_the_pen(text: str, data: st.DataObject) -> None:
    """A near miss: the text of a valid study in which characters are gone, doubled, or others."""
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(text) - 1))
        length = data.draw(st.integers(0, 3))
        slip = data.draw(st.sampled_from(["", " ", "\t", "\n", ":", "- ", "#", "[", "]", "{", "}", "'", '"', "&", "*"]))
        text = text[:place] + slip + text[place + length :]
    outcome(text.encode())


@given(st.sampled_from(TEXTS), st.data())
@WITHOUT_LIMITS
def test_a_study_with_lines_moved(text: str, data: st.DataObject) -> None:
    """A near miss: lines that are gone, come twice, or stand elsewhere."""
    lines = text.splitlines(keepends=True)
    line = lines.pop(data.draw(st.integers(0, len(lines) - 1)))
    for _ in range(data.draw(st.integers(0, 2))):
        lines.insert(data.draw(st.integers(0, len(lines))), line)
    outcome("".join(lines).encode())


def test_a_shipped_study_is_planned() -> None:
    """The way that the others take leads to a plan where the study is one: what they assert is no accident."""
    small = [text for text, path in zip(TEXTS, SHIPPED, strict=True) if len(runs(load_study(path))) <= MOST_RUNS]
    assert small
    assert {outcome(text.encode()) for text in small} == {"planned"}


def _places(data: object, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Returns the path of every key and every entry of a list, at any depth."""
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [place for key, value in inside for place in ((*above, key), *_places(value, (*above, key)))]


def _copy(data: Any) -> Any:  # noqa: ANN401 - whatever YAML holds
    if isinstance(data, dict):
        return {key: _copy(value) for key, value in data.items()}
    return [_copy(value) for value in data] if isinstance(data, list | tuple) else data


def _change(study: Any, place: tuple[Any, ...], data: st.DataObject) -> None:  # noqa: ANN401 - whatever YAML holds
    for key in place[:-1]:
        study = study[key]
    kind = data.draw(st.sampled_from(["gone", "misspelt", "other", "nested"]))
    if kind == "other":
        study[place[-1]] = data.draw(ANY)
    elif kind == "nested":
        study[place[-1]] = {"value": study[place[-1]]}
    else:
        value = study.pop(place[-1])
        if kind == "misspelt" and isinstance(study, dict):
            study[str(place[-1])[::-1]] = value
