"""What stands in backticks in Markdown and in docstrings is the name of something that is there."""

from __future__ import annotations

import pytest
from names import files, spans, unresolved

TEXTS = [name for name in files() if name.endswith((".py", ".md")) and not name.startswith("results/published/")]


def test_every_name_in_backticks_is_there() -> None:
    """A command's option, a module, a function, a class, a file, a setting: nothing is left of an older version."""
    wrong = [f"{name}: `{span}`" for name in TEXTS for span in spans(name) if unresolved(span)]
    assert wrong == []


@pytest.mark.parametrize(
    "span",
    [
        *("grid_run.on_gpus.NoSuchBench", "nowhere_defined_at_all()", "NoSuchClass", "learner.no_such_setting"),
        *("docs/no_such_page.md", "ingredients/no_such_wing/", "--no-such-option", "judgement.no_such_thing"),
    ],
)
def test_a_name_that_is_not_there_is_found(span: str) -> None:
    """Of each kind one; the parts that exist do not excuse the one that does not."""
    assert unresolved(span)


@pytest.mark.parametrize(
    "span",
    [
        *("learner.train_steps", "judgement.verdict", "spread_draws", "docs/design.md", "ablations/bandit.yaml"),
        *("--set", "torch.bmm", "report.json", "in-context", "p ~ U[0, 1]", "ingredients plan"),
    ],
)
def test_a_name_that_is_there_is_not(span: str) -> None:
    """Nor is what is no name: an equation, a command with its arguments."""
    assert not unresolved(span)
