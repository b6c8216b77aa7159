"""Every command in README.md and docs/ runs to its end, on studies made tiny, and prints what the text promises.

The commands are collected from the pages. Each is a key below, word for word: a new one fails until it has a rule, and
so does a rule whose command is gone. They run in one folder, in the order of the rules, so that one's results serve
the next. Jobs run in this process, by an engine of its own; `tests/test_run_grid.py` has the workers' processes.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from in_process import run_here, typed

ROOT = Path(__file__).parent.parent
PAGES = {str(page.relative_to(ROOT)): page.read_text() for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))}
PROGRAMS = ("ingredients", "make", "pip", "python", "ray")

# The studies, made tiny; the levels and numbers of seeds that the text speaks of stay.
TINY: dict[str, dict[str, Any]] = {
    "tasks": {"episodes": 5},
    "learner": {"train_steps": 200, "lifetimes": 4},
    "evaluation": {"tasks": 4, "points": 2, "tasks_at_points": 2, "reactive_agents": 0},
    "agent": {"hidden": 16},
}
ONE_CELL = {name: [True] for name in ("reward_observation", "action_observation", "memory", "task_distribution")}
CHANGED: dict[str, dict[str, Any]] = {
    "bandit": {"ingredients": {**ONE_CELL, "memory": [False, True]}},
    "memories": {"seeds": 1},
    "smoke": {"seeds": 1},
}
DOCUMENTED = "documented.yaml"  # what docs/reports.md has as an example
FULL = "reward_observation=on,action_observation=on,memory=on,task_distribution=on"
MY_ENV = """
import gymnasium, numpy as np
class MyEnv(gymnasium.Env):
    observation_space, action_space = gymnasium.spaces.Box(0, 1, (1,)), gymnasium.spaces.Discrete(2)
    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(1, np.float32), {}
    def step(self, action):
        return np.full(1, action, np.float32), float(action), True, False, {}
"""


@dataclass(frozen=True)
class Rule:
    """What a command has to print, each a pattern; `more` makes it small, `says` is for stderr."""

    prints: tuple[str, ...] = ()
    code: int = 0
    says: str = r"^(notice: .*\n|[\w -]+( \(\d+ of \d+\))? \.\.\.\n)*$"  # notices, and what is being done
    more: str = ""
    silent: bool = False
    as_json: bool = False


PLANNED = r"cells +2\n(.*\n)*runs +20 (.*\n)*memory +[\d.]+ GB"
AUDITED = r"\| *reward *\|? *action|reward +action"
NO_CARD = Rule(code=2, says=r"^error: --device cuda: .* CUDA device here; allowed here: cpu\n$")
RULES: dict[str, Rule] = {
    # plan and check: nothing trained
    "ingredients plan ablations/bandit.yaml": Rule((PLANNED, r"time +(?!not measured)", "leaks?")),
    "ingredients plan --quick": Rule((PLANNED, r"time +not measured")),
    "ingredients plan cartpole.yaml": Rule((r"runs +80 ", "gravity"), more="--quick"),
    "ingredients check CartPole-v1": Rule((r"verdicts +unlikely", r"varies", r"next +ingredients run-grid")),
    "ingredients plan --set agent.memory=lstm": Rule((r"runs +20 ",), says="timing training with lstm"),
    # the grid, grown, chosen from, changed
    "ingredients run-grid ablations/bandit.yaml": Rule(
        (r"^bandit: 0 of 20 runs are finished; 20 to do", "20 of 20 runs finished", "report.html, report.md")
    ),
    "ingredients run-grid --seeds 20": Rule(
        (r"^bandit: 20 of 40 runs are finished; 20 to do", "40 of 40 runs finished")
    ),
    "ingredients run-grid --cells memory=on,reward_observation=on": Rule(
        (r"^bandit: 10 of 10 runs are finished; nothing to do",)
    ),
    "ingredients run-grid --set tasks.arms=10 --out results/ten-arms": Rule(
        (r"^bandit: 0 of 1 run .* results: results/ten-arms\n", "1 of 2 runs finished"),
        more="--seeds 1 --cells memory=on",
    ),
    "ingredients run-grid ablations/smoke.yaml": Rule((r"^smoke: 0 of 16 runs", "16 of 16 runs finished", "16 cells")),
    "ingredients run-grid ablations/smoke.yaml --quiet": Rule(silent=True),
    "ingredients run-grid ablations/smoke.yaml --set 'tasks={gymnasium: CartPole-v1, vary: {gravity: [1, 50]}, "
    "episodes: 5}' --out results/cartpole": Rule(
        (r"results: results/cartpole\n", "1 of 16 runs finished", "informed", "What to do next"),
        more=f"--set tasks.episode_steps=8 --seeds 1 --cells {FULL}",
    ),
    "ingredients run-grid cartpole.yaml": Rule(
        (r"^cartpole: 0 of 1 run ", "1 of 16 runs finished", "informed"),
        more="--set learner.train_steps=200 --set learner.lifetimes=4 --set tasks.episode_steps=8 --set "
        f"evaluation.tasks=4 --out results/mine --seeds 1 --cells {FULL}",
    ),
    "ingredients run-grid study.yaml": Rule((r"^study: 0 of 1 runs?", "1 of 1 run", "results/study")),
    "ingredients run-grid ablations/memories.yaml": Rule(("lstm", "transformer", "window", "none", "runs finished")),
    "ingredients run-grid ablations/memories.yaml --cells memory=lstm": Rule((r"is finished; nothing to do",)),
    # what is stored, judged again
    "ingredients report results/bandit": Rule(
        ("^bandit: ", "20 of 20 runs finished", "late score +gain +learned +verdict")
    ),
    "ingredients report results/bandit --format json": Rule(as_json=True),
    "ingredients report results/bandit results/memories": Rule((r"1 +bandit", r"2 +memories")),
    "ingredients report results/bandit --expect expected.yaml": Rule(("bandit",), says="^as expected: every verdict"),
    'ingredients report results/smoke --format markdown >> "$GITHUB_STEP_SUMMARY"': Rule(("^# ",)),
    "ingredients report results/smoke --expect expected.yaml": Rule(
        ("smoke",), code=3, says=r"expected in-context, (found|got|is) undecided", more=f"--expect {DOCUMENTED}"
    ),
    "ingredients report results --index": Rule((r"^results/index.html$",)),
    # agents, exports, studies
    "ingredients trace results/bandit --cell 'all but memory'": Rule(
        (r"^all but memory · seed", r"belief_0", r"In results/bandit/traces"), says=""
    ),
    "ingredients export results/bandit --to huggingface --out card": Rule((r"^card: a model card and the weights of",)),
    "ingredients trace results/bandit": Rule((r"^all four ingredients · seed",), says=""),
    "ingredients export results/bandit --to csv --out tables": Rule((r"^tables: cells.csv",)),
    "ingredients studies": Rule((r"^bandit +Which", "run one: ingredients run-grid")),
    "ingredients new my-study --tasks dark-room": Rule((r"^my-study.yaml: written; next: ingredients plan",)),
    "ingredients schema": Rule((r'"\$id": "urn:ingredients:study:1"',)),
    "ingredients schema report": Rule((r'"\$id": "urn:ingredients:report:1"',)),
    # audits; the published one's list is one environment here, and what was measured of it is kept
    "ingredients audit CartPole-v1 FrozenLake-v1": Rule(
        (AUDITED, "CartPole-v1", "FrozenLake-v1"), says="CartPole-v1: ", more="--seconds 1"
    ),
    "ingredients audit my_env:MyEnv --out results/audit-mine": Rule((AUDITED, "MyEnv"), says="", more="--seconds 1"),
    "ingredients audit results/published/audit/environments.yaml --out results/published/audit": Rule(
        (AUDITED, "FrozenLake-v1"), says="^1 of 1 environment ", more="--seconds 1"
    ),
    "ingredients audit CartPole-v1 --policy results/mine --cell memory=on,reward_observation=on": Rule(
        (AUDITED, r"CartPole-v1 \(played by mine:"),
        says="CartPole-v1 ",
        more="--cell action_observation=on,task_distribution=on,memory=on,reward_observation=on --seconds 1",
    ),
    # without a card there is one line; with one, tests/training/test_device.py has what these do
    "ingredients plan ablations/bandit.yaml --device cuda": NO_CARD,
    "ingredients run-grid ablations/bandit.yaml --device cuda": NO_CARD,
    "ingredients bench --device cuda": NO_CARD,
}
# What is said in passing, and which line above is that command.
SHORT = {
    "ingredients plan": "ingredients plan ablations/bandit.yaml",
    "ingredients check ENV": "ingredients check CartPole-v1",
    "ingredients report A B": "ingredients report results/bandit results/memories",
    "ingredients check": "ingredients check CartPole-v1",
    "ingredients run-grid": "ingredients run-grid ablations/bandit.yaml",
    "ingredients report": "ingredients report results/bandit",
    "ingredients report DIR --format json": "ingredients report results/bandit --format json",
    "ingredients report DIR --index": "ingredients report results --index",
    "ingredients audit": "ingredients audit CartPole-v1 FrozenLake-v1",
}
ON_A_CLUSTER = "test_ray.py: test_run_grid_on_a_cluster_prints_what_it_prints_here"
# What takes minutes, a network or a cluster, and the test that runs it, or its parts, at a small size.
ELSEWHERE = {
    "ingredients --install-completion": "test_completion.py: test_keys_of_set_are_those_of_the_study",
    "ingredients bench --format json": "test_bench.py: test_bench_as_json",
    "ingredients bench": "test_bench.py: test_bench_as_json",
    "ingredients run-grid --engine ray --address auto": ON_A_CLUSTER,
    "ingredients run-grid study.yaml --engine ray": "test_ray.py: test_without_an_address_ray_is_started_here",
    "ingredients run-grid study.yaml --engine ray --address auto": ON_A_CLUSTER,
    "ingredients run-grid study.yaml --engine ray --address head:6379": ON_A_CLUSTER,
    "ingredients audit CartPole-v1 --policy ppo.zip": "test_audit_policy.py: test_a_zip_of_stable_baselines3_plays",
    "ingredients report results/published/bandit results/published/second-setting --format html > both.html": (
        "test_report_compare.py: test_the_page_has_curves_verdicts_and_numbers"
    ),
    "make grid": "test_packaging.py: test_make_knows_its_targets",
    "make test": "test_packaging.py: test_make_knows_its_targets",
    "make bench": "test_packaging.py: test_make_knows_its_targets",
    "make install": "test_packaging.py: test_make_installs_nothing_twice",
    "make soak": "soak.py: ",
    "pip install --editable . --constraint constraints.txt": "test_packaging.py: test_make_installs_nothing_twice",
    "pip install --editable '.[export]' --constraint constraints.txt": (
        "test_packaging.py: test_make_installs_nothing_twice"
    ),
    "pip install 'rl2-ingredients[cluster]'": "test_packaging.py: test_the_wheel_works_far_from_the_checkout",
    "ray start --head --port 6379": "test_ray.py: cluster",
    "ray start --address HEAD:6379": "test_ray.py: cluster",
    "python -m tests.benchmarks.gpu": "benchmarks/gpu.py: ",
    "python -m tests.benchmarks.engines": "benchmarks/engines.py: ",
    "python -m tests.benchmarks.inner": "benchmarks/inner.py: ",
    "python -m tests.benchmarks.quality": "benchmarks/quality.py: ",
    "python -m tests.benchmarks.others": "benchmarks/others.py: ",
    "python -m tests.benchmarks.rerun bandit two-step": "benchmarks/rerun.py: ",
    "python -m tests.benchmarks.gym_speed": "benchmarks/gym_speed.py: ",
    "python -m tests.benchmarks.spaces": "benchmarks/spaces.py: ",
    "python -m tests.benchmarks.leaks": "benchmarks/leaks.py: ",
    "python -m tests.benchmarks.verdict": "benchmarks/verdict.py: ",
}


def commands() -> set[str]:
    """Returns every command of the pages: lines of code blocks without their comments, and what is in backticks."""
    found: set[str] = set()
    for page in PAGES.values():
        blocks = re.findall(r"^```(\w*)\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
        shell = [line for kind, block in blocks if kind in ("", "sh") for line in block.splitlines()]
        found |= {line.partition(" #")[0].strip() for line in shell}
        prose = " ".join(re.sub(r"^```.*?^```", "", page, flags=re.MULTILINE | re.DOTALL).split())
        found |= set(re.findall(r"`([^`]+)`", prose))
    return {command for command in found if command.split(" ")[0] in PROGRAMS and " " in command}


def test_every_command_has_a_rule_and_every_rule_a_command() -> None:
    """What is typed on a page is run below, or by a test that is named; nothing here is left of an older page."""
    assert commands() == {*RULES, *SHORT, *ELSEWHERE}
    assert set(SHORT.values()) <= set(RULES)
    for file, _, name in (where.partition(": ") for where in ELSEWHERE.values()):
        assert f"def {name}" in next((ROOT / "tests").rglob(file)).read_text(), (file, name)


def prepare(folder: Path) -> None:
    """Writes what the commands name: tiny studies, lists of verdicts and of environments, and an environment."""
    (folder / "ablations").mkdir()
    for name, changes in CHANGED.items():
        study = yaml.safe_load((ROOT / "ablations" / f"{name}.yaml").read_text()) | changes
        study |= {section: {**study.get(section, {}), **small} for section, small in TINY.items()}
        (folder / "ablations" / f"{name}.yaml").write_text(yaml.safe_dump(study))
        if name == "bandit":
            (folder / "study.yaml").write_text(
                yaml.safe_dump({**study, "name": "study", "ingredients": ONE_CELL, "seeds": 1})
            )
    (folder / "expected.yaml").write_text("all: [in-context, carried, reactive, none, mixed, undecided, null]\n")
    fenced = re.findall(r"^```(\w*)\n(.*?)^```", PAGES["docs/reports.md"], flags=re.MULTILINE | re.DOTALL)
    (example,) = (block for kind, block in fenced if not kind)
    (folder / DOCUMENTED).write_text(example)
    (own,) = re.findall(r"^```yaml\n(.*?)^```", PAGES["README.md"], flags=re.MULTILINE | re.DOTALL)
    (folder / "cartpole.yaml").write_text(own)
    (folder / "my_env.py").write_text(MY_ENV)
    audit = folder / "results" / "published" / "audit"
    audit.mkdir(parents=True)
    (audit / "environments.yaml").write_text("environments: [FrozenLake-v1]\n")
    (folder / "results" / "audit" / "lines").mkdir(parents=True)
    (audit / "lines").symlink_to(folder / "results" / "audit" / "lines")  # measured once


def kept(command: str, rule: Rule) -> None:
    """Runs a command and fails where it does not end, or print, as its rule says."""
    words = shlex.split(command.partition(" >> ")[0])[1:]
    result = typed(*words, *shlex.split(rule.more))
    told = f"{command}\n{result.stdout}\n{result.stderr}\n{result.exception!r}"
    assert result.exit_code == rule.code, told
    assert re.search(rule.says, result.stderr, flags=re.MULTILINE), told
    for pattern in rule.prints:
        assert re.search(pattern, result.stdout, flags=re.MULTILINE), f"{pattern} is not in what was printed: {told}"
    assert not (rule.silent and (result.stdout or result.stderr)), told
    assert not rule.as_json or json.loads(result.stdout)["study"] == "bandit", told


def test_every_command_keeps_its_promise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one folder, so that what one command has trained another goes on with and reports."""
    monkeypatch.chdir(tmp_path)
    run_here(monkeypatch)
    prepare(tmp_path)
    for command, rule in RULES.items():
        if rule is not NO_CARD or not torch.cuda.is_available():
            kept(command, rule)
