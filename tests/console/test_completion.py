"""What a shell completes."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cli import app


def completed(words: str) -> list[str]:
    """Returns what bash is offered for the last of these words, by the protocol that its script speaks."""
    variables = {"_INGREDIENTS_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    command = typer.main.get_command(app)
    said = CliRunner().invoke(app, [], env=variables, prog_name=command.name or "ingredients").stdout
    return [word for word in said.splitlines() if word]


def test_studies_are_completed_by_name_and_by_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shipped ones, those that lie here, and folders."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "banana.yaml").touch()
    (tmp_path / "bandits").mkdir()
    (tmp_path / "bank.txt").touch()
    assert completed("ingredients plan ban") == ["bandit", "banana.yaml", "bandits/"]
    (tmp_path / "bandits" / "mine.yaml").touch()
    assert completed("ingredients plan bandits/m") == ["bandits/mine.yaml"]


def test_keys_of_set_are_those_of_the_study() -> None:
    """The tasks' own, and for a value what may stand there."""
    assert completed("ingredients plan two-step --set tasks.e") == ["tasks.episodes="]
    assert completed("ingredients run-grid --set tasks.ar") == ["tasks.arms="]
    assert completed("ingredients run-grid --set learner.critic_sees_task=") == [
        "learner.critic_sees_task=on",
        "learner.critic_sees_task=off",
    ]
    assert completed("ingredients run-grid --set agent.memory=l") == ["agent.memory=lstm"]
    assert "learner.epochs=auto" in completed("ingredients run-grid duan-bandits-5x10 --set learner.epochs=")


def test_levels_of_cells_are_those_of_the_study() -> None:
    """Each part of a filter, behind a comma, too; the levels of the study that was named."""
    assert completed("ingredients run-grid --cells m") == ["memory="]
    assert completed("ingredients run-grid --cells memory=o") == ["memory=off", "memory=on"]
    assert sorted(completed("ingredients run-grid memories --cells reward_observation=on,memory=l")) == [
        "reward_observation=on,memory=lstm",
        "reward_observation=on,memory=lstm-off",
    ]


def test_cells_of_a_folder_have_the_words_of_its_report() -> None:
    """`trace --cell`."""
    folder = Path(__file__).parents[2] / "results" / "published" / "bandit"
    assert "all but memory" in completed(f"ingredients trace {folder} --cell all")


def test_what_cannot_be_read_completes_nothing(tmp_path: Path) -> None:
    """A study with a mistake, a folder that is none: no words and no error."""
    (tmp_path / "wrong.yaml").write_text("name: [", encoding="utf-8")
    assert completed(f"ingredients plan {tmp_path}/wrong.yaml --set ta") == []
    assert completed(f"ingredients trace {tmp_path} --cell al") == []
