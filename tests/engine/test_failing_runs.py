"""An environment that fails in the middle of a grid: named, counted as failed, and its last words kept in a file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command import ROOT, program_forked

STUDY = """
name: fails
tasks:
  gymnasium: "failing_environments:Fails"
  keywords: {{when: {when}, how: {how}}}
  episodes: 5
  episode_steps: 5
ingredients: {{reward_observation: [on], action_observation: [on], memory: [on], task_distribution: [on]}}
seeds: 1
agent: {{hidden: 16}}
learner: {{train_steps: 200, lifetimes: 4}}
evaluation: {{tasks: 4, points: 2, tasks_at_points: 2}}
"""


@pytest.mark.usefixtures("small_measures")
@pytest.mark.parametrize("how", ["exit", "raise"])
def test_what_fails_in_training_is_named(how: str, tmp_path: Path) -> None:
    """Exit code 1, the environment in the run's line, "failed" for its stack, and no traceback on stderr."""
    (tmp_path / "study.yaml").write_text(STUDY.format(when=tmp_path / "out" / "logs" / "stack-0.log", how=how))
    (tmp_path / "failing_environments.py").write_text((ROOT / "tests" / "failing_environments.py").read_text())
    words = ("run-grid", "study.yaml", "--out", "out", "--retries", "0", "--workers", "1")
    done = program_forked(*words, cwd=tmp_path)
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if "reward-on_action-on_memory-on_tasks-on_seed-0: " in line]
    assert "Traceback" not in done.stderr
    assert "stack-0: failed: " in done.stdout
    log = Path(tmp_path, line.rpartition("log: ")[2]).read_text()
    assert "stack-0: finished" not in done.stdout
    if how == "exit":
        place = r"in step \(task seed \d+; episode \d, step \d\) \(it was running tasks failing_environments:Fails\)"
        assert re.search(rf"the worker exited with code 9 {place}; log: ", line)
        assert re.match(r"os._exit\(9\) was called:\n(.*\n)*.*failing_environments.py.*\n +os._exit\(9\)\n", log)
        assert f"\n{line.partition(': ')[2].partition(': ')[2].partition('; log: ')[0]}\n" in log
    else:
        assert "simulator lost" in line
        assert "RuntimeError: simulator lost" in log
