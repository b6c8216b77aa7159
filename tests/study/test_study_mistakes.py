"""Wrong studies: each mistake is refused in one exact line, and no input ends in a traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ingredients.errors import StudyError
from ingredients.study import load_study, parse_study
from ingredients.study.tasks import SECTIONS

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
KEYS = "name, question, tasks, ingredients, seeds, agent, learner, evaluation, criterion"
PROBABILITY = "off, on, or a probability from 0 to 1"
KINDS = "gru, lstm, fast-weights, transitions, transformer, window, none, or your own as module:Class"
MEMORY = f"off, on, {{wipe_every: k}} with k from 1 on, {KINDS}"
SHIPPED = ", ".join(f"ablations/{path.name}" for path in sorted((ROOT / "ablations").glob("*.yaml")))
NAME = "letters, digits, '.', '_', '-', at most 100, the first a letter or a digit"


def refusal(tmp_path: Path, content: str | bytes, overrides: list[str] | None = None) -> str:
    """Returns what is said about a study in a file, without the file's folder."""
    path = tmp_path / "s.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(StudyError) as caught:
        load_study(path, overrides or [])
    return str(caught.value).replace(f"{tmp_path}/", "")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "arms: 2",
            "armz: 2",
            "tasks.armz: unknown key, got armz: 2; allowed: family, arms, episodes, action_noise, forced_pulls. "
            "Did you mean 'arms'?",
        ),
        ("seeds: 2", "seed: 2", f"seed: unknown key, got seed: 2; allowed: {KEYS}. Did you mean 'seeds'?"),
        ("seeds: 2", "zzz: 2", f"zzz: unknown key, got zzz: 2; allowed: {KEYS}"),
        ("arms: 2", "arms: on", "tasks.arms: must be a whole number, got the boolean on; allowed: 2 to 1000"),
        ("arms: 2", "arms: '2'", "tasks.arms: must be a whole number, got '2'; allowed: 2 to 1000"),
        ("arms: 2", "arms: 1", "tasks.arms: out of range, got 1; allowed: 2 to 1000"),
        ("arms: 2", "arms: 010", "tasks.arms: must be a whole number, got '010'; allowed: 2 to 1000"),
        ("arms: 2", "arms:", "tasks.arms: must be a whole number, got nothing; allowed: 2 to 1000"),
        (
            "arms: 2",
            "arms: 2.5",
            "tasks.arms: must be a whole number, got 2.5; allowed: 2 to 1000",
        ),
        (
            "arms: 2",
            f"arms: {10**400}",
            "tasks.arms: out of range, got an integer of 1329 bits; allowed: 2 to 1000",
        ),
        ("arms: 2", f"arms: {'9' * 5000}", "cannot be read: a number has too many digits"),
        (
            "episodes: 10",
            "episodes: 4",
            "tasks.episodes: out of range, got 4; allowed: 5 to 10000 "
            "(the verdict compares the first and the last fifth)",
        ),
        (
            "bernoulli-bandit",
            "bernouli-bandit",
            f"tasks.family: unknown 'bernouli-bandit'; known: {', '.join(SECTIONS)}. Did you mean 'bernoulli-bandit'?",
        ),
        ("name: small", "name: ../x", f"name: cannot name a results folder, got '../x'; allowed: {NAME}"),
        ("name: small", "name: on", f"name: must be text, got the boolean on; allowed: {NAME}"),
        ("name: small\n", "", "name: missing"),
        (
            "seeds: 2",
            "agent: gru",
            "agent: must hold keys, got 'gru'; allowed: memory, hidden, window, head_hidden",
        ),
        (
            "seeds: 2",
            "agent: {hidden: 40}",
            "agent.hidden: out of range, got 40; allowed: 16 to 1024 in multiples of 16",
        ),
        ("seeds: 2", "agent: {memory: grus}", f"agent.memory: unknown 'grus'; known: {KINDS}. Did you mean 'gru'?"),
        ("seeds: 2", "agent: {memory: on}", f"agent.memory: must be text, got the boolean on; allowed: {KINDS}"),
        ("seeds: 2", "agent: {memory: lab.memories}", f"agent.memory: unknown 'lab.memories'; known: {KINDS}"),
        ("seeds: 2", "agent: {memory: ':Net'}", f"agent.memory: unknown ':Net'; known: {KINDS}"),
        ("seeds: 2", "agent: {memory: lab/m.py:Net}", f"agent.memory: unknown 'lab/m.py:Net'; known: {KINDS}"),
        ("seeds: 2", "agent: {memory: lab:class}", f"agent.memory: unknown 'lab:class'; known: {KINDS}"),
        (
            "seeds: 2",
            f"agent: {{memory: lab:{'N' * 97}}}",
            f"agent.memory: unknown 'lab:{'N' * 56}'...; known: {KINDS}",
        ),
        (
            "seeds: 2",
            "agent: {window: 0}",
            "agent.window: out of range, got 0; allowed: 1 to 1000",
        ),
        (
            "seeds: 2",
            "learner: {minibatches: 5, lifetimes: 64}",
            "learner.minibatches: cuts lifetimes apart, got 5; allowed: a divisor of learner.lifetimes = 64",
        ),
        (
            "seeds: 2",
            "learner: {discount: auot}",
            "learner.discount: must be a number, got 'auot'; allowed: auto, or a number from 0 to below 1. "
            "Did you mean 'auto'?",
        ),
        (
            "seeds: 2",
            "learner: {critic_sees_task: 1}",
            "learner.critic_sees_task: must be on or off, got 1; allowed: on, off",
        ),
        (
            "seeds: 2",
            "learner: {learning_rate: .nan}",
            "learner.learning_rate: out of range, got nan; allowed: auto, or a number above 0 up to 1",
        ),
        (
            "seeds: 2",
            "evaluation: {tasks: 100, tasks_at_points: 256}",
            "evaluation.tasks_at_points: out of range, got 256; allowed: 1 to evaluation.tasks = 100",
        ),
        (
            "seeds: 2",
            "criterion: {confidence: 95}",
            "criterion.confidence: out of range, got 95; allowed: a number from 0.5 to below 1",
        ),
        (
            "seeds: 2",
            "criterion: {gain_above: on}",
            "criterion.gain_above: must be a number, got the boolean on; allowed: a number above 0 up to 1",
        ),
        (
            "memory: [off, on]",
            "memory: on",
            f"ingredients.memory: must be a list of levels, such as [off, on], got the boolean on; allowed: {MEMORY}",
        ),
        (
            "memory: [off, on]",
            "memory: []",
            f"ingredients.memory: an ingredient without levels leaves an empty grid, got []; allowed: {MEMORY}",
        ),
        (
            "memory: [off, on]",
            "memory: [off, {wipe_every: 1}]",
            "ingredients.memory: level off is given twice, got [off, {wipe_every: 1}]; allowed: each level once",
        ),
        (
            "memory: [off, on]",
            "memory: [on, grus]",
            f"ingredients.memory: unknown level, got 'grus'; allowed: {MEMORY}. Did you mean 'gru'?",
        ),
        (
            "memory: [off, on]",
            "memory: [on, lsmt-off]",
            f"ingredients.memory: unknown level, got 'lsmt-off'; allowed: {MEMORY}. Did you mean 'lstm-off'?",
        ),
        (
            "memory: [off, on]",
            "memory: [lstm, lstm]",
            "ingredients.memory: level lstm is given twice, got ['lstm', 'lstm']; allowed: each level once",
        ),
        (
            "memory: [off, on]",
            "memory: [on, gru]",
            "ingredients.memory: level on is given twice, got [on, 'gru']; "
            "allowed: each level once (agent.memory makes gru on)",
        ),
        (
            "memory: [off, on]",
            "memory: [off, on]\nagent: {memory: none}",
            "ingredients.memory: agent.memory none has nothing to carry, got [off, on]; allowed: off, or another kind",
        ),
        (
            "memory: [off, on]",
            "memory: [{wipe_evry: 3}]",
            f"ingredients.memory: unknown level, got {{wipe_evry: 3}}; allowed: {MEMORY}. Did you mean 'wipe_every'?",
        ),
        (
            "memory: [off, on]",
            "reward_observation: [on, 1.0]",
            "ingredients.reward_observation: level on is given twice, got [on, 1.0]; allowed: each level once",
        ),
        (
            "memory: [off, on]",
            "reward_observation: [1.5]",
            f"ingredients.reward_observation: unknown level, got 1.5; allowed: {PROBABILITY}",
        ),
        (
            "memory: [off, on]",
            "reward_observation: ['on']",
            f"ingredients.reward_observation: a level in quotes is text, got 'on'; allowed: {PROBABILITY}",
        ),
        (
            "memory: [off, on]",
            "task_distribution: [0]",
            "ingredients.task_distribution: unknown level, got 0; "
            "allowed: off, random_start, random_memory, on, or a number of training tasks from 1 on",
        ),
        (
            "seeds: 2",
            "seeds: 2\nseeds: 3",
            "line 9, column 1: cannot be read: key 'seeds' is given twice (first on line 8)",
        ),
        ("seeds: 2", "on: 2", "line 8, column 1: cannot be read: a key must be text, got on"),
        ("seeds: 2", "? [a]\n: 2", "line 8, column 3: cannot be read: a key must be text"),
        (
            "seeds: 2",
            "\tseeds: 2",
            "line 8, column 1: cannot be read: found character '\\t' that cannot start any token",
        ),
        ("seeds: 2", "seeds: &a [*a]", "line 8, column 12: cannot be read: *a contains itself"),
        (
            "seeds: 2",
            "seeds: !!bool x",
            "line 8, column 8: cannot be read: tags such as tag:yaml.org,2002:bool are not allowed",
        ),
        ("seeds: 2", "seeds: " + "[" * 3000, "cannot be read: nested too deep"),
        (
            "seeds: 2",
            '"se\\neds": 2',
            f"se\\neds: unknown key, got se\\neds: 2; allowed: {KEYS}. Did you mean 'seeds'?",
        ),
    ],
)
def test_a_mistake_in_a_study_is_one_exact_line(tmp_path: Path, old: str, new: str, line: str) -> None:
    """Each mistake names file, key, value, what is allowed and the nearest match, in one line."""
    assert SMALL.count(old) == 1
    assert refusal(tmp_path, SMALL.replace(old, new)) == f"s.yaml: {line}"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", f"is empty; allowed: a study with the keys {KEYS}"),
        ("# nothing yet\n", f"is empty; allowed: a study with the keys {KEYS}"),
        ("[1, 2]", f"must hold keys, got [1, 2]; allowed: {KEYS}"),
        ("just text", f"must hold keys, got 'just text'; allowed: {KEYS}"),
        ("a: b: c", "line 1, column 5: cannot be read: mapping values are not allowed here"),
        ("a: 1\n---\nb: 2\n", "line 2, column 1: cannot be read: but found another document"),
        ("name: \0", "cannot be read: special characters are not allowed"),
        (SMALL.encode("utf-16"), "is not text; allowed: YAML in UTF-8"),
        (b"\x89PNG\r\n\x1a\n\xff", "is not text; allowed: YAML in UTF-8"),
        (b"#" * 1_000_001, "is too long for a study; allowed: at most 1000000 bytes"),
    ],
)
def test_what_is_no_study_at_all(tmp_path: Path, content: str | bytes, line: str) -> None:
    """A file that holds no study is refused in one line that says what it is instead."""
    assert refusal(tmp_path, content) == f"s.yaml: {line}"


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    """A folder, a missing file and an impossible path are refused; a near miss is answered with the shipped study."""
    with pytest.raises(StudyError, match=r"cannot be read: Is a directory; allowed: a file in YAML$"):
        load_study(tmp_path)
    with pytest.raises(StudyError, match=r"cannot be read: embedded null byte"):
        load_study(Path("a\0b"))
    with pytest.raises(StudyError) as caught:
        load_study(tmp_path / "bandits.yaml")
    assert str(caught.value) == (
        f"{tmp_path}/bandits.yaml: no such file; allowed: a study, such as {SHIPPED}. "
        "Did you mean 'ablations/bandit.yaml'?"
    )


def test_a_small_file_cannot_make_a_huge_message(tmp_path: Path) -> None:
    """Aliases that double eighty times over are cut short instead of being written out."""
    doubling = "".join(f"  - &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 80))
    message = refusal(tmp_path, f"name:\n  - &a0 [x]\n{doubling}")
    assert len(message) < 1000


def test_no_grid_is_too_large_to_list(tmp_path: Path) -> None:
    """A grid that could never be trained is refused before it is built."""
    levels = ", ".join(str(level) for level in range(2, 202))
    shown = ", ".join(f"0.{i}1" for i in range(300))
    many = f"memory: [off, on]\n  task_distribution: [{levels}]\n  reward_observation: [{shown}]"
    message = refusal(tmp_path, SMALL.replace("memory: [off, on]", many))
    assert message == "s.yaml: ingredients: cells x seeds make too many runs, got 480000; allowed: at most 100000 runs"


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("tasks.arms=on", "tasks.arms: must be a whole number, got the boolean on; allowed: 2 to 1000"),
        (
            "tasks.armz=10",
            "tasks.armz: unknown key, got armz: 10; allowed: family, arms, episodes, action_noise, forced_pulls. "
            "Did you mean 'arms'?",
        ),
        ("agnet.hidden=32", f"agnet: unknown key, got agnet: {{hidden: 32}}; allowed: {KEYS}. Did you mean 'agent'?"),
        (
            "learner.lifetimes=30",
            "learner.minibatches: cuts lifetimes apart, got 4; allowed: a divisor of learner.lifetimes = 30",
        ),
        (
            "tasks={family: bernoulli-bandit}",
            "tasks.arms: missing\n--set tasks={family: bernoulli-bandit}: tasks.episodes: missing",
        ),
        ("nothing", "cannot be read; allowed: key.path=value, such as tasks.arms=10"),
        ("=3", "cannot be read; allowed: key.path=value, such as tasks.arms=10"),
        ("name.x=3", "name: holds no keys, but 'small'"),
        (
            "ingredients.memory=on",
            f"ingredients.memory: must be a list of levels, such as [off, on], got the boolean on; allowed: {MEMORY}",
        ),
        (
            "agent.memory=lstm",
            "ingredients.memory: level on is given twice, got [on, 'lstm']; "
            "allowed: each level once (agent.memory makes lstm on)",
        ),
        ("seeds=[1", "line 1, column 3: cannot be read: expected ',' or ']', but got '<stream end>'"),
        ("seeds=", "seeds: must be a whole number, got nothing; allowed: 1 to 1000, or {first: 100, count: 10}"),
    ],
)
def test_a_mistake_in_an_override_names_the_override(tmp_path: Path, override: str, line: str) -> None:
    """What `--set` got wrong is blamed on `--set`, not on the file."""
    small = SMALL.replace("memory: [off, on]", "memory: [on, lstm]")
    assert refusal(tmp_path, small, [override]) == f"--set {override}: {line}"


def test_a_mistake_in_the_file_is_not_blamed_on_an_override(tmp_path: Path) -> None:
    """An override elsewhere leaves the blame with the file."""
    message = refusal(tmp_path, SMALL.replace("seeds: 2", "seeds: 0"), ["tasks.arms=10"])
    assert message == "s.yaml: seeds: out of range, got 0; allowed: 1 to 1000, or {first: 100, count: 10}"


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan"), [1, {"deep": float("inf")}]])
@pytest.mark.parametrize("where", ["keywords", "vary", "own"])
def test_a_number_that_no_result_can_hold_is_refused(where: str, value: object) -> None:
    """In an environment's keywords, among what varies and in a key of own tasks: before anything is trained."""
    settings: dict[str, Any] = {"keywords": {"limit": value}, "vary": {"limit": {"choices": [1, value]}}}
    foreign = {"gymnasium": "my_env:Env", where: settings.get(where)}
    tasks = {"own": "my_tasks:Guess", "limit": value} if where == "own" else foreign
    said = r"tasks\.\S*limit\S*: cannot be stored, got (-?inf|nan); allowed: finite numbers"
    with pytest.raises(StudyError, match=said):
        parse_study({"name": "x", "tasks": {**tasks, "episodes": 5}, "ingredients": {}}, "x")
