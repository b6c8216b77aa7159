"""Studies: what loads, what it means, and what comes out again; see `test_study_mistakes` for what is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ingredients.study import (
    INGREDIENTS,
    LearnerSettings,
    MemoryKind,
    Study,
    WipeEvery,
    level_data,
    level_text,
    load_study,
    parse_study,
    shipped_study,
    smoke_sized,
)
from ingredients.study.seeds import Seeds
from ingredients.study.yaml_text import dump, parse

ROOT = Path(__file__).parents[2]
SMALL = """\
name: small
tasks:
  family: bernoulli-bandit
  arms: 2
  episodes: 10
ingredients:
  memory: [off, on]
seeds: 2
"""


def small(**changes: Any) -> Study:  # noqa: ANN401 -- sections of a study, right or wrong
    """Returns a small study with some sections replaced."""
    data: Any = parse(SMALL)
    return parse_study({**data, **changes}, "small.yaml")


def test_defaults_are_those_of_the_design() -> None:
    """A study that says only name, tasks and ingredients gets the documented defaults, the full 2^4 grid among them."""
    study = small(ingredients={})
    assert [study.ingredients.levels(name) for name in INGREDIENTS] == [(False, True)] * 4
    assert study.seeds == Seeds(0, 2)
    assert (study.agent.memory, study.agent.hidden, study.agent.window) == ("gru", 64, 8)
    assert (study.evaluation.tasks, study.evaluation.points, study.evaluation.tasks_at_points) == (10_000, 12, 256)
    assert (study.criterion.gain_above, study.criterion.confidence) == (0.1, 0.95)
    assert study.learner == LearnerSettings()


def test_a_study_is_frozen() -> None:
    """Nobody can change a study after it was validated."""
    with pytest.raises(ValidationError, match="frozen"):
        small().seeds = Seeds(0, 3)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("ingredient", "written", "canonical"),
    [
        ("reward_observation", [0, 1, 0.25], (False, True, 0.25)),
        ("action_observation", [0.0, 1.0], (False, True)),
        ("memory", [{"wipe_every": 1}, {"wipe_every": 4}, "gru"], (False, WipeEvery(4), True)),
        ("task_distribution", [1, 2, 64, True], (False, 2, 64, True)),
    ],
)
def test_levels_are_canonical(ingredient: str, written: list[object], canonical: tuple[object, ...]) -> None:
    """Two ways to write a level are one level, and no boolean is ever an int in disguise."""
    (levels,) = (getattr(small(ingredients={ingredient: written}).ingredients, name) for name in [ingredient])
    assert levels == canonical
    assert [type(level) for level in levels] == [type(level) for level in canonical]


@pytest.mark.parametrize(
    ("level", "text"),
    [
        *((False, "off"), (True, "on"), (0.5, "0.5"), (WipeEvery(4), "wipe_every=4"), (64, "64")),
        *((MemoryKind("lstm"), "lstm"), (MemoryKind("lstm", carried=False), "lstm-off")),
    ],
)
def test_level_text(level: bool | float | WipeEvery | MemoryKind, text: str) -> None:
    """Tables and filters spell each level in one way."""
    assert level_text(level) == text
    assert not isinstance(level, MemoryKind) or level_data(level) == text


LSTM, LSTM_OFF = MemoryKind("lstm"), MemoryKind("lstm", carried=False)
OWN, OWN_OFF = MemoryKind("lab.memories:Net"), MemoryKind("lab.memories:Net", carried=False)


@pytest.mark.parametrize(
    ("agent", "written", "canonical"),
    [
        ("gru", ["gru-off", "gru", "lstm"], (False, True, LSTM_OFF, LSTM)),
        ("lstm", [False, "lstm", "gru"], (False, True, MemoryKind("gru", carried=False), MemoryKind("gru"))),
        ("gru", [True, "lstm", "none"], (True, LSTM, MemoryKind("none"))),
        ("gru", [False, "none-off"], (False, MemoryKind("none"))),
        ("gru", ["lstm", "lstm-off", False], (LSTM, LSTM_OFF, False)),
        ("gru", [{"wipe_every": 1}, {"wipe_every": 4}, "lstm"], (False, WipeEvery(4), LSTM_OFF, LSTM)),
        ("gru", [False, "lab.memories:Net"], (False, OWN_OFF, OWN)),
        ("lab.memories:Net", ["lab.memories:Net-off", True], (False, True)),
        ("none", [False, "lstm"], (False, LSTM_OFF, LSTM)),
    ],
)
def test_kinds_of_memory_are_canonical(agent: str, written: list[object], canonical: tuple[object, ...]) -> None:
    """The agent's kind is on, its sibling off; where off is asked for, each other kind gets its own sibling."""
    study = small(agent={"memory": agent}, ingredients={"memory": written})
    assert study.ingredients.memory == canonical
    assert parse_study(study.resolved(), "again") == study


def test_overrides_change_the_study(tmp_path: Path) -> None:
    """Overrides are read as YAML, the last one wins, and sections that the file leaves out can be set."""
    path = tmp_path / "s.yaml"
    path.write_text(SMALL)
    study = load_study(
        path,
        [
            "tasks.arms=10",
            "tasks.episodes=100",
            "learner.learning_rate=5e-3",
            "ingredients.memory=[on]",
            "seeds=3",
            "seeds=4",
        ],
    )
    assert (study.tasks.model_dump()["arms"], study.tasks.episodes, study.seeds.count) == (10, 100, 4)
    assert study.learner.learning_rate == 5e-3
    assert study.ingredients.memory == (True,)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5e-3", 0.005),
        ("1e6", 1e6),
        ("1.5E+2", 150.0),
        ("600_000", 600_000),
        ("-3", -3),
        ("off", False),
        ("On", True),
        ("null", None),
        ("~", None),
        ("2026-01-01", "2026-01-01"),
        ("1:30", "1:30"),
        ("010", "010"),
        ("e5", "e5"),
        ("{a: &x [1], b: *x}", {"a": [1], "b": [1]}),
    ],
)
def test_yaml_values(text: str, value: object) -> None:
    """Numbers, booleans and nothing are read as written; YAML 1.1's octals, base 60 and dates are text."""
    read = parse(text)
    assert read == value
    assert type(read) is type(value)


printable = st.text().filter(str.isprintable)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | printable,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(printable, inner, max_size=4),
    max_leaves=10,
)


@settings(deadline=None, derandomize=True)
@given(plain)
def test_what_is_written_as_yaml_reads_back(data: object) -> None:
    """Whatever a study could hold survives writing and reading, text that looks like a number included."""
    assert parse(dump(data)) == data


@settings(deadline=None, max_examples=50, derandomize=True)
@given(
    name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True),
    question=st.text(max_size=60).map(lambda text: " ".join(text.split())).filter(str.isprintable),
    arms=st.integers(2, 1000),
    learning_rate=st.floats(1e-9, 1),
    shown=st.lists(st.floats(0, 1), min_size=1, max_size=4, unique=True),
    wipes=st.lists(st.integers(1, 99), min_size=1, max_size=4, unique=True),
    kinds=st.lists(st.sampled_from(["lstm", "window-off", "none", "a.b:C"]), max_size=4, unique=True),
)
def test_a_resolved_study_loads_back_to_an_equal_study(
    name: str, question: str, arms: int, learning_rate: float, shown: list[float], wipes: list[int], kinds: list[str]
) -> None:
    """`to_yaml` loses nothing, and is canonical: what it loads back to is written the same."""
    study = small(
        name=name,
        question=question,
        tasks={"family": "bernoulli-bandit", "arms": arms, "episodes": 50},
        ingredients={"reward_observation": shown, "memory": [*({"wipe_every": steps} for steps in wipes), *kinds]},
        learner={"learning_rate": learning_rate},
    )
    data: Any = parse(study.to_yaml())
    again = parse_study(data, "again")
    assert again == study
    assert again.to_yaml() == study.to_yaml()


def test_the_resolved_study_is_readable() -> None:
    """A stored study says every default, spells levels `off` and `on`, and quotes nothing."""
    assert small().to_yaml() == (
        "name: small\n"
        "question: ''\n"
        "tasks: {family: bernoulli-bandit, arms: 2, episodes: 10, action_noise: 0.0, forced_pulls: 0}\n"
        "ingredients:\n"
        "  reward_observation: [off, on]\n"
        "  action_observation: [off, on]\n"
        "  memory: [off, on]\n"
        "  task_distribution: [off, on]\n"
        "seeds: 2\n"
        "agent: {memory: gru, hidden: 64, window: 8, head_hidden: auto}\n"
        f"{dump({'learner': LearnerSettings().model_dump()})}"
        "evaluation: {tasks: 10000, points: 12, tasks_at_points: 256, stream: 0, reactive_agents: auto, "
        "analysis: none}\n"
        "criterion: {gain_above: 0.1, confidence: 0.95}\n"
    )


@pytest.mark.parametrize("name", ["bandit", "memories", "smoke"])
def test_swapping_the_tasks_alone_leaves_a_shipped_study_valid(name: str) -> None:
    """Ten arms and a hundred pulls are as good as what a shipped study says; only its tasks change."""
    path = ROOT / "ablations" / f"{name}.yaml"
    as_shipped, swapped = load_study(path), load_study(path, ["tasks.arms=10", "tasks.episodes=100"])
    assert swapped.tasks.model_dump()["arms"] == 10
    assert swapped == as_shipped.model_copy(update={"tasks": swapped.tasks})


def test_the_flagship_is_the_one_of_the_design() -> None:
    """`ablations/bandit.yaml` is the 2^4 grid on five arms and fifty pulls, with ten seeds that no tuning met."""
    study = load_study(ROOT / "ablations" / "bandit.yaml")
    assert (study.name, study.seeds, study.evaluation.stream) == ("bandit", Seeds(100, 10), 1)
    flagship = {"family": "bernoulli-bandit", "arms": 5, "episodes": 50, "action_noise": 0.0, "forced_pulls": 0}
    assert study.tasks.model_dump() == flagship
    assert [study.ingredients.levels(name) for name in INGREDIENTS] == [(False, True)] * 4


def test_the_study_of_memories_has_a_sibling_for_each_kind_on_the_flagship_tasks() -> None:
    """`ablations/memories.yaml` varies memory alone, on what the flagship plays, is scored on and is judged by."""
    study, flagship = (load_study(ROOT / "ablations" / f"{name}.yaml") for name in ("memories", "bandit"))
    assert [level_text(level) for level in study.ingredients.memory] == [
        *("off", "on", "lstm-off", "lstm", "transformer-off", "transformer", "window-off", "window", "none")
    ]
    assert [study.ingredients.levels(name) for name in INGREDIENTS if name != "memory"] == [(True,)] * 3
    assert study.seeds.first == flagship.seeds.first
    shared = ["tasks", "agent", "learner", "evaluation", "criterion"]
    assert [getattr(study, key) for key in shared] == [getattr(flagship, key) for key in shared]


def test_shipped_studies_are_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside a checkout the shipped studies still answer to their names; the user's own file comes first."""
    monkeypatch.chdir(tmp_path)
    assert load_study(shipped_study()).name == "bandit"
    assert load_study(shipped_study("smoke")).name == "smoke"
    assert shipped_study("elsewhere/bandit.yaml") == Path("elsewhere/bandit.yaml")
    assert shipped_study("unknown") == Path("unknown")
    own = tmp_path / "ablations" / "bandit.yaml"
    own.parent.mkdir()
    own.write_text(SMALL)
    assert load_study(shipped_study()).name == "small"


def test_a_study_at_smoke_size_is_the_same_study_made_small() -> None:
    """Only seeds, steps, lifetimes and evaluation tasks shrink; tasks, grid, agent and name stay."""
    study = load_study(ROOT / "ablations" / "bandit.yaml")
    tiny = smoke_sized(study)
    kept = ["name", "question", "tasks", "ingredients", "agent", "criterion"]
    assert [getattr(tiny, key) for key in kept] == [getattr(study, key) for key in kept]
    assert (tiny.seeds.count, tiny.learner.train_steps, tiny.learner.lifetimes) == (2, 20_000, 32)
    assert tiny.evaluation.model_dump() == {
        "tasks": 256,
        "points": 3,
        "tasks_at_points": 64,
        "stream": 1,
        "reactive_agents": 0,
        "analysis": "none",
    }
    assert smoke_sized(tiny) == tiny


@given(minibatches=st.integers(1, 100), factor=st.integers(1, 20), steps=st.integers(1, 50_000))
@settings(deadline=None, derandomize=True)
def test_smoke_size_is_valid_and_never_grows(minibatches: int, factor: int, steps: int) -> None:
    """Whatever the study's own sizes, the small one is valid and nowhere larger."""
    learner = {"minibatches": minibatches, "lifetimes": minibatches * factor, "train_steps": steps}
    tiny = smoke_sized(small(learner=learner))
    assert parse_study(tiny.resolved(), "tiny") == tiny
    assert int(tiny.learner.lifetimes) <= learner["lifetimes"]
    assert tiny.learner.train_steps <= steps


def test_the_yaml_of_a_shipped_study_quotes_nothing() -> None:
    """The shipped studies are written as their readers are told to write: no quotes outside comments."""
    for path in sorted((ROOT / "ablations").glob("*.yaml")):
        text = re.sub(r"#.*", "", path.read_text(encoding="utf-8"))
        assert not re.search(r"['\"]", text), path
