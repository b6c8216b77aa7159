"""`ingredients audit`: exact values on toy text, one failing environment among several, interrupted and resumed."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from command import started
from gymnasium import spaces
from in_process import program_here, run_here

from ingredients.audit import measures
from ingredients.audit.flatten import action_reader, reader
from ingredients.audit.judged import holm, judged, summary
from ingredients.audit.listing import Subject, subject_of, subjects
from ingredients.audit.made import Made
from ingredients.audit.measures import audited
from ingredients.audit.play import play
from ingredients.audit.replay import replay
from ingredients.decoding.chosen import DecoderQuestion
from ingredients.decoding.decoders import QUICK, Budget
from ingredients.decoding.history import History
from ingredients.decoding.leak import measure
from ingredients.decoding.past import alike, gain
from ingredients.decoding.played import rows_of
from ingredients.errors import IngredientsError, UsageError
from ingredients.gyms.recipe import Recipe

SECONDS = 30  # a limit: quick environments take less
PLAYED: dict[str, Any] = {"way": "uniform", "seconds": 1.0, "first_seed": 0, "longest": 40}


def findings(name: str, **keywords: Any) -> dict[str, Any]:  # noqa: ANN401 - of an environment's constructor
    """Returns what an audit finds in an environment."""
    found: dict[str, Any] = audited(Subject(name, keywords), SECONDS)["findings"]
    return found


@pytest.mark.parametrize(
    ("name", "keywords", "action", "reward"),
    [
        ("CliffWalking-v1", {}, 0.79, 0.29),
        ("FrozenLake-v1", {"is_slippery": False}, 0.84, 1.0),
        ("FrozenLake-v1", {}, 0.11, 1.0),
    ],
)
def test_exact_leaks_of_toy_text(
    name: str, keywords: dict[str, Any], action: float, reward: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the transition table says of the states that random play visits, by hand; a third of the usual rows do."""
    monkeypatch.setattr(measures, "FULL", Budget(rows=4_000, trees=10, tested=8_000))
    monkeypatch.setattr("ingredients.audit.play.QUICK_SECONDS", 0.0)
    found = findings(name, **keywords)
    assert found["action"]["share"] == pytest.approx(action, abs=0.05)
    assert found["reward"]["share"] == pytest.approx(reward, abs=0.05)
    assert found["tasks"]["details"]["distinct_starts"] == 1
    assert found["tasks"]["share"] == 0
    assert found["tasks"]["details"]["luck_after_start"] == float(name == "FrozenLake-v1" and not keywords)


class Remembers(gymnasium.Env[np.int64, np.int64]):
    """Shows the first action for ever, pays nothing, and hides a coin that is thrown at the reset."""

    observation_space = spaces.Discrete(3)
    action_space = spaces.Discrete(2)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.int64, dict[str, Any]]:
        """Starts with nothing to show."""
        super().reset(seed=seed)
        self._first, self._steps, self._coin = 2, 0, int(self.np_random.integers(2))
        return np.int64(2), {}

    def step(self, action: np.int64) -> tuple[np.int64, float, bool, bool, dict[str, Any]]:
        """Shows what was done first; the coin changes what the pay means."""
        self._first = int(action) if self._steps == 0 else self._first
        self._steps += 1
        return np.int64(self._first), float(self._coin), self._steps >= 100, False, {}


class Breaks(Remembers):
    """Raises at the third step."""

    def step(self, action: np.int64) -> tuple[np.int64, float, bool, bool, dict[str, Any]]:
        """Raises."""
        if self._steps == 2:
            raise ValueError("broken")
        return super().step(action)


def test_a_trace_and_hidden_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The changed action is the first in a tenth of all pairs, and seen for ever; half the pairs differ in the coin."""
    monkeypatch.setattr(measures, "FULL", Budget(rows=4_000, trees=10, tested=8_000))
    monkeypatch.setattr("ingredients.audit.play.QUICK_SECONDS", 0.0)
    found = audited(Subject("test_audit:Remembers"), SECONDS)["findings"]
    assert found["memory"]["share"] == pytest.approx(0.1, abs=0.07)
    assert found["tasks"]["details"]["start_differs"] == 0
    assert found["tasks"]["share"] == pytest.approx(0.5, abs=0.15)
    assert found["tasks"]["details"]["hidden"] == found["tasks"]["share"]
    # the pay is the coin, which only the past tells
    assert found["memory_needed"]["share"] == pytest.approx(1.0, abs=0.1)


class Told(Remembers):
    """Has a text beside its observation, whose number is a thousand million times as large."""

    observation_space = spaces.Dict({"seen": spaces.Discrete(99), "text": spaces.Text(20)})  # type: ignore[assignment]

    def step(self, action: np.int64) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Pays at one step of four episodes."""
        seen, _, over, cut, info = super().step(action)
        return {"seen": seen * 90, "text": "go"}, float(self._steps == 5 and self._rare), over, cut, info

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Starts with nothing to show."""
        seen, info = super().reset(seed=seed)
        self._rare = seed is not None and seed < 4
        return {"seen": seen, "text": "go"}, info


def test_a_text_hides_no_trace_and_rewards_that_were_met_too_seldom_are_not_judged() -> None:
    """Columns differ each by its own size; a reward that was met four times is too little to find a leak in."""
    recipe = Recipe("test_audit:Told")
    session = play(Made(recipe), **{**PLAYED, "seconds": 20, "longest": 100})
    trace = replay(recipe, session.episodes, SECONDS).trace[32]
    assert trace.differ / trace.pairs == pytest.approx(0.1, abs=0.07)
    found = measure(session.played(), DecoderQuestion("reward"), QUICK)
    assert found.leak is None
    assert (found.reason or "").startswith("too little was met: the reward was other than usual in ")


def test_play_that_fails_is_a_line_with_how_often() -> None:
    """An environment that raises in every episode has no finding but the reason."""
    line = audited(Subject("test_audit:Breaks"), SECONDS)
    assert line["error"] == "random play failed: ValueError: broken"


def test_a_failing_id_is_a_line_and_exit_code_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are measured and kept; what is missing is said with its reason, in every format.

    Each is measured here; `test_an_audit_that_is_interrupted_goes_on` has the processes.
    """
    run_here(monkeypatch)
    words = ("ingredients/TwoStep-v0", "NoSuch-v0", "nowhere:Thing-v0")
    result = program_here("audit", *words, "--seconds", "1", "--workers", "2", "--out", "out", cwd=tmp_path)
    assert result.returncode == 1
    assert "NoSuch-v0: tasks NoSuch-v0: Gymnasium knows no such environment" in result.stderr
    assert "nowhere:Thing-v0: tasks nowhere:Thing-v0: nowhere cannot be imported" in result.stderr
    assert "2 could not be audited" in result.stdout
    for suffix in ("csv", "json", "md", "html"):
        assert "Gymnasium knows no such environment" in (tmp_path / "out" / f"audit.{suffix}").read_text("utf-8")
    again = program_here("audit", words[0], "--seconds", "1", "--out", "out", "--format", "json", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (0, "1 of 1 environment measured already\n")
    assert json.loads(again.stdout)["environments"][0]["id"] == "ingredients/TwoStep-v0"


def test_an_audit_that_is_interrupted_goes_on(tmp_path: Path) -> None:
    """Ctrl-C keeps what was measured, and says how to go on; own code is found in the folder."""
    (tmp_path / "mine.py").write_text(
        "import time\nfrom gymnasium.envs.toy_text import FrozenLakeEnv\n"
        "class Slow(FrozenLakeEnv):\n    def reset(self, **named):\n        time.sleep(60)\n"
    )
    words = ["audit", "FrozenLake-v1", "mine:Slow", "--seconds", "1", "--workers", "1", "--out", "out"]
    with started(*words, cwd=tmp_path) as running:
        assert running.stderr is not None
        assert running.stderr.readline().startswith("FrozenLake-v1: ")
        time.sleep(0.5)
        running.send_signal(signal.SIGINT)
        said = running.stderr.read()
    assert running.returncode == 130
    assert said == "interrupted: 1 of 2 environments kept in out; the same command goes on\n"


def test_files_that_list_environments(tmp_path: Path) -> None:
    """Ids, mappings, studies; what is none of them is refused by name."""
    listed = tmp_path / "list.yaml"
    listed.write_text("environments:\n  - CartPole-v1\n  - {id: FrozenLake-v1, keywords: {is_slippery: false}}\n")
    study = tmp_path / "study.yaml"
    study.write_text("name: study\ntasks: {family: bernoulli-bandit, arms: 3, episodes: 10}\ningredients: {}\n")
    found = subjects([str(listed), "CartPole-v1", str(study)])
    assert [one.name for one in found][:2] == ["CartPole-v1", "FrozenLake-v1 (is_slippery=False)"]
    assert found[2].id == "ingredients/BernoulliBandit-v0"
    assert subject_of(found[1].text()) == found[1]
    listed.write_text("environments: [{name: CartPole-v1}]\n")
    with pytest.raises(UsageError, match=r"list.yaml: environments: holds .*; allowed: ids, or mappings"):
        subjects([str(listed)])


def test_any_space_is_read_or_refused() -> None:
    """Nested spaces, images by blocks, texts as numbers; a graph is refused by name."""
    nested = spaces.Dict(
        {"a": spaces.Box(0, 1, (2, 2)), "b": spaces.Tuple([spaces.Discrete(3, start=1), spaces.Text(9)])}
    )
    row = reader(nested)({"a": np.ones((2, 2)), "b": (2, "hello")})
    assert row[:7].tolist() == [1, 1, 1, 1, 0, 1, 0]
    image = reader(spaces.Box(0, 255, (96, 96, 3), np.uint8))(np.full((96, 96, 3), 7, np.uint8))
    assert image.tolist() == [7.0] * 64
    assert action_reader(spaces.MultiDiscrete([3, 4]))(np.array([2, 3])).tolist() == [2, 3]
    with pytest.raises(IngredientsError, match="space Graph are not supported"):
        reader(spaces.Graph(spaces.Discrete(2), None))


class Recalls(gymnasium.Env[np.int64, np.int64]):
    """Shows one of four cards; pays for the card that was shown two steps ago, or, asked to, for the one shown now."""

    observation_space = action_space = spaces.Discrete(4)

    def __init__(self, back: int) -> None:
        """Takes how far back it asks."""
        self._back, self._cards = back, list[int]()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.int64, dict[str, Any]]:
        """Shows a card."""
        super().reset(seed=seed)
        self._cards = [int(self.np_random.integers(4))]
        return np.int64(self._cards[-1]), {}

    def step(self, action: np.int64) -> tuple[np.int64, float, bool, bool, dict[str, Any]]:
        """Pays, and shows another card."""
        right = len(self._cards) > self._back and int(action) == self._cards[-1 - self._back]
        self._cards.append(int(self.np_random.integers(4)))
        return np.int64(self._cards[-1]), float(right), len(self._cards) > 40, False, {}


@pytest.mark.parametrize(("back", "needed"), [(2, 0.95), (0, 0.0)])
def test_a_memory_is_needed_for_a_card_that_is_gone(back: int, needed: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was shown two steps ago only the past tells; what is shown now the past adds nothing to."""
    monkeypatch.setattr("ingredients.audit.play.QUICK_SECONDS", 60.0)  # so that steps end the play, and not the time
    monkeypatch.setattr("ingredients.audit.play.MORE_STEPS", 20_000)
    session = play(Made(Recipe("test_audit:Recalls", {"back": back})), **{**PLAYED, "seconds": 60.0})
    found = gain(session.played(), session.ended)
    assert found.share == pytest.approx(needed, abs=0.05)
    assert found.low is not None
    assert (found.low > 0.9) == (back == 2)


def test_a_swapped_past_is_of_another_episode_with_the_same_present() -> None:
    """The null of the past: equal cards, another episode, about the same time."""
    session = play(Made(Recipe("test_audit:Recalls", {"back": 2})), **PLAYED)
    played = session.played()
    rows = rows_of(played, np.ones(len(session.episodes), np.bool_))
    other = alike(History(played), rows, np.random.default_rng(0))
    here, there = (played.observation[each.sequence, each.step] for each in (rows, other))
    assert (here == there).all()
    assert (rows.sequence != other.sequence).mean() > 0.95
    assert np.abs(rows.step - other.step).mean() < 5


def test_holm_and_words_by_hand() -> None:
    """Three tests: the smallest counts three times, a later one is never smaller; a tenth is the least that counts."""
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    empty = {"share": None, "low": None, "high": None, "p": None}
    full = {"share": 0.9, "low": 0.8, "high": 1.0, "p": 0.001, "reason": None}
    constant = {**empty, "reason": "the reward is constant: 1 in each of 9 steps of random play"}
    unmet = {**empty, "reason": "no reward was met in 9 steps of random play: each was 0"}
    lines = [
        {
            "error": None,
            "findings": {
                "reward": reward,
                "action": full,
                "memory": {**full, "low": 0.07},
                "tasks": full,
                "memory_needed": {**full, "low": 0.07},
            },
        }
        for reward in (constant, unmet)
    ]
    words = judged([*lines, {"error": "broken"}])
    said = [word.word for word in (words[0] or {}).values()]
    assert said == ["constant", "supplied", "not found", "supplied", "needed"]
    assert (words[1] or {})["reward"].word == "not met"
    assert summary(words).startswith("0 of 2 environments supply all four")
    assert summary(words).endswith("a memory is needed in 2; 1 could not be audited.")
