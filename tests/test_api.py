"""The Python API: what a user does with a study, its results and its agents."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import gymnasium
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import torch
from api_results import ARMS, DATA, KINDS, PULLS

import ingredients as ing
from ingredients.api.policies import PolicyInput, UserPolicy
from ingredients.errors import StoreError, UsageError
from ingredients.study.files import shipped_study
from ingredients.training.draws import evaluating, evaluation_tasks, lifetime_draws

PUBLISHED = Path(__file__).parent.parent / "results" / "published"
LEVELS = {"on": True, "off": False, **{kind: kind for kind in KINDS[1:]}}  # as report.json has them


def lately(agent: ing.StoredAgent, lanes: int, chunk: int) -> npt.NDArray[np.float64]:
    """Returns the late return an episode of lifetimes `[N]` on a bandit written in numpy.

    Tasks, pay-outs and the uniforms that choose actions are those of one chunk of the study's evaluation; what is
    chosen with them follows from the agent's logits.
    """
    drawn = lifetime_draws([agent.run], agent.family, evaluating(0), chunk, lanes)
    chances = evaluation_tasks(agent.family, DATA["evaluation"]["tasks"]).numpy()[chunk * lanes :][:lanes]
    pays, chooses = drawn.noise[:, 0, :, 0].numpy(), drawn.action[:, 0].numpy()
    agent.reset(lanes)
    earned = np.zeros((PULLS, lanes))
    reward = action = None
    for pull in range(PULLS):
        agent.act(np.zeros((lanes, 1)), reward, action)
        odds = np.exp(agent.logits - agent.logits.max(-1, keepdims=True))
        action = (np.cumsum(odds / odds.sum(-1, keepdims=True), -1)[:, :-1] <= chooses[pull][:, None]).sum(-1)
        earned[pull] = chances[np.arange(lanes), action]
        reward = (pays[pull] < earned[pull]).astype(float)
    late: npt.NDArray[np.float64] = earned[-2:].mean(0)
    return late


@pytest.mark.parametrize("kind", ["on", *KINDS[1:], "off"])
def test_an_agent_replayed_in_numpy_has_the_late_score_of_the_report(small_result: ing.Result, kind: str) -> None:
    """Every kind of memory acts as it was evaluated: on the report's tasks and luck, all but rounding is equal."""
    agent = small_result.agent({"memory": kind})
    lanes = DATA["evaluation"]["tasks"] // 2  # two chunks, as evaluations play them
    by_task = np.concatenate([lately(agent, lanes, chunk) for chunk in range(2)])
    low, high = small_result.json["floor"], small_result.json["yardstick"]["late"]
    score = (by_task.mean() - low) / (high - low)
    error = by_task.std() / np.sqrt(len(by_task)) / (high - low)
    reported = next(
        cell["late"]["mean"] for cell in small_result.json["cells"] if cell["cell"]["memory"] == LEVELS[kind]
    )
    assert abs(score - reported) < 1e-5 < error


@pytest.mark.parametrize("kind", ["on", *KINDS[1:], "off"])
def test_actions_are_drawn_as_the_logits_say(small_result: ing.Result, kind: str) -> None:
    """The count of an arm's pulls, less its probabilities, is a martingale: six z below 4 fail once in 2,600 seeds."""
    table = small_result.agent({"memory": kind}).play(lifetimes=2000, seed=7)
    chosen, odds = (table["action"] == 0).to_numpy(float), table["probability_0"].to_numpy()
    assert abs((chosen - odds).sum()) < 4 * np.sqrt((odds * (1 - odds)).sum())


def test_single_and_batched_numpy_and_torch_are_the_same_agent(small_result: ing.Result) -> None:
    """One lane gives a number, N lanes an array, a tensor a tensor; greedy choices are the same in all."""
    single, batched = small_result.agent(), small_result.agent()
    single.reset()
    batched.reset(lanes=3)
    for reward, action in ((None, None), (1.0, 1), (0.0, 0)):
        one = single.act(np.zeros(1), reward, action, greedy=True)
        given = (
            None if reward is None else torch.full((3,), reward),
            None if action is None else torch.full((3,), action),
        )
        many = batched.act(torch.zeros(3, 1), *given, greedy=True)
        assert isinstance(one, int)
        assert isinstance(many, torch.Tensor)
        assert many.tolist() == [one] * 3
        np.testing.assert_allclose(batched.logits, np.tile(single.logits, (3, 1)), atol=1e-6)


def test_a_memory_that_is_set_decides_what_the_agent_does(small_result: ing.Result) -> None:
    """With another lifetime's memory an agent acts like that lifetime; with its own back, as before."""
    agent = small_result.agent()
    agent.reset(lanes=2)
    agent.act(np.zeros((2, 1)))
    for _ in range(6):
        agent.act(np.zeros((2, 1)), np.array([1.0, 0.0]), np.array([0, 0]))
    before = agent.memory
    agent.memory = tuple(part[::-1].copy() for part in before)
    swapped, back = agent.clone(), agent.clone()
    back.memory = before
    shown = np.zeros((2, 1)), np.zeros(2), np.array([0, 0])
    swapped.act(*shown)
    back.act(*shown)
    np.testing.assert_allclose(swapped.logits, back.logits[::-1], atol=1e-6)
    assert abs(back.logits[0] - back.logits[1]).max() > 1e-3


@pytest.mark.parametrize("kind", ["on", *KINDS[1:]])
def test_the_module_computes_what_the_agent_does(small_result: ing.Result, kind: str) -> None:
    """The plain torch module gives the agent's logits, and its hooks see every gate."""
    agent = small_result.agent({"memory": kind})
    agent.reset(lanes=4)
    inputs, logits = [], []
    reward = action = None
    for _ in range(PULLS):
        action = agent.act(np.zeros((4, 1)), reward, action)
        inputs.append(agent.inputs)
        logits.append(agent.logits)
        reward = (action == 0).astype(float)
    module, seen = agent.module(), list[str]()
    for name, part in module.named_modules():
        part.register_forward_hook(lambda *_, name=name: seen.append(name))
    made, _ = module(torch.from_numpy(np.stack(inputs)))
    np.testing.assert_allclose(made.detach().numpy(), np.stack(logits), atol=1e-4)
    gates = {"on": ["memory.reset_gate", "memory.update_gate"], "lstm": ["memory.forget_gate", "memory.cell"]}
    assert {"memory.output", "head", *gates.get(kind, [])} <= set(seen)


def test_a_play_is_a_tidy_table(small_result: ing.Result) -> None:
    """A row a step, probabilities add up to one, and equal seeds give equal lifetimes."""
    agent = small_result.agent()
    table = agent.play(lifetimes=6, seed=3)
    assert len(table) == 6 * PULLS
    np.testing.assert_allclose(table[[f"probability_{arm}" for arm in range(ARMS)]].sum(axis=1), 1.0, atol=1e-5)
    assert table.equals(small_result.agent().play(lifetimes=6, seed=3))
    chosen = table.apply(lambda row: row[f"task_{int(row['action'])}"], axis=1)
    np.testing.assert_allclose(table["expected_reward"], chosen, atol=1e-6)
    in_gymnasium = agent.play(gymnasium.make("ingredients/BernoulliBandit-v0", arms=ARMS))
    assert len(in_gymnasium) == PULLS
    assert set(in_gymnasium["reward"]) <= {0.0, 1.0}


def test_results_are_there_as_tables_and_figures(small_result: ing.Result) -> None:
    """Cells, curves with scores, and a figure that can be changed; a figure that is not there is refused."""
    assert len(small_result.cells) == 2 * len(KINDS)
    assert small_result.curves()["score"].notna().any()
    assert small_result.figure("runs").get_axes()
    with pytest.raises(UsageError, match=r"allowed: .*runs"):
        small_result.figure("nonsense")


def test_what_is_wrong_is_said_in_one_line(small_result: ing.Result) -> None:
    """A cell, a seed, a step, a shape, an action that are not there."""
    agent = small_result.agent()
    for ask, said in (
        (lambda: small_result.agent("memory=off,task_distribution=off"), "no such level"),
        (lambda: small_result.agent("memory=on,memory=off"), "names 2 cells"),
        (lambda: small_result.agent(seed=9), "allowed: 0 to 0"),
        (lambda: small_result.agent(at=1), "no weights were kept"),
        (lambda: agent.act(np.zeros(3)), r"must have shape \(1,\), got \(3,\)"),
        (lambda: agent.act("left"), r"^observation: must be numbers of shape \(1,\), got 'left'$"),
        (lambda: setattr(agent, "memory", None), r"^memory: must have 1 parts, as `memory` gives them, got None$"),
        (lambda: setattr(agent, "memory", [None]), r"^memory part 0: must be numbers of shape .*, got None$"),
    ):
        with pytest.raises(UsageError, match=said):
            ask()
    agent.act(np.zeros(1))
    with pytest.raises(UsageError, match="reward, action"):
        agent.act(np.zeros(1))
    with pytest.raises(UsageError, match="action out of range"):
        agent.act(np.zeros(1), 1.0, 5)


def test_a_published_folder_has_curves_and_no_agents() -> None:
    """What was published without its runs can be read and plotted, and says why nothing more is there."""
    published = ing.load(PUBLISHED / "bandit")
    assert len(published.cells) == 16
    assert len(published.curves()) > 100_000
    with pytest.raises(StoreError, match="this run is not here"):
        published.agent()


@pytest.mark.parametrize("name", ["bandit", "memories"])  # judged by today's rule, and by an older one
def test_a_published_study_is_drawn_as_it_was_judged(name: str) -> None:
    """Its figures have the answer, the verdicts and the late scores of its report, though its runs are not here."""
    published = ing.load(PUBLISHED / name)
    figure = published.figure("adaptation")
    header = " ".join(" ".join(text.get_text().split()) for text in figure.texts)
    assert published.json["sentence"].split(". ")[0] in header
    titles = {text.get_text() for axes in figure.axes for text in axes.texts}
    for cell in published.json["cells"]:
        late = cell["late"]
        learned = f"{cell['learned']}/{cell['seeds']} learned"
        wanted = f"late score {late['mean'] + 0:.2f} [{late['low'] + 0:.2f}, {late['high'] + 0:.2f}] · {learned}"
        assert wanted.replace("-0.00", "0.00") in titles
    words = [text.get_text() for axes in figure.axes for text in axes.texts]
    for verdict, count in Counter(cell["verdict"] for cell in published.json["cells"]).items():
        assert sum(word.endswith(f" {verdict}") for word in words) == count


def test_what_only_runs_can_be_drawn_from_is_refused_with_its_picture() -> None:
    """Which algorithm runs inside is in no table: the line names the picture, and what can be drawn."""
    with pytest.raises(UsageError, match=r"'inner' is drawn from runs, .*/figures/inner\.png; allowed: .*adaptation"):
        ing.load(PUBLISHED / "two-arms-bayes").figure("inner")


class Counting:
    """Pulls the arm with the best posterior mean."""

    def initial_state(self, lanes: int) -> tuple[npt.NDArray[np.float64], ...]:
        """Returns no pulls."""
        return (np.zeros((lanes, ARMS, 2)),)

    def act(
        self, state: tuple[npt.NDArray[np.float64], ...], seen: PolicyInput
    ) -> tuple[npt.NDArray[np.float64], tuple[npt.NDArray[np.float64], ...]]:
        """Returns the best arm, ties evenly, and the counts with the last pull."""
        counts = state[0].copy()
        pulled = np.flatnonzero(seen.action >= 0)
        counts[pulled, seen.action[pulled], (seen.reward[pulled] > 0).astype(int)] += 1
        means = (counts[..., 1] + 1) / (counts.sum(-1) + 2)
        best = means >= means.max(-1, keepdims=True) - 1e-12
        return best / best.sum(-1, keepdims=True), (counts,)


def stay(seen: PolicyInput) -> npt.NDArray[np.float64]:
    """Returns win-stay, lose-shift."""
    same = np.eye(ARMS)[seen.action]
    odds: npt.NDArray[np.float64] = np.where(seen.reward[:, None] > 0, same, (1 - same) / (ARMS - 1))
    return np.where(seen.action[:, None] < 0, 1 / ARMS, odds)


def test_anybodys_policy_is_judged_by_its_mechanism() -> None:
    """Counting is in-context, win-stay-lose-shift reactive, chance none."""
    study = ing.Study.load({**DATA, "evaluation": {"tasks": 2000}}, {"tasks.episodes": 25})
    assert isinstance(Counting(), UserPolicy)
    chance = lambda seen: np.full((len(seen.reward), ARMS), 1 / ARMS)  # noqa: E731
    judged = ing.evaluate([Counting(), stay, chance], study)
    assert judged.classes == ("in-context", "reactive", "none")
    assert set(judged.curves()["policy"]) == {0, 1, 2}


def test_a_policy_that_answers_wrongly_is_told_so() -> None:
    """Shapes and sums of probabilities are checked."""
    study = ing.Study.load(DATA)
    with pytest.raises(UsageError, match="must have shape"):
        ing.evaluate(lambda seen: np.ones(3), study)
    with pytest.raises(UsageError, match="add up to 1"):
        ing.evaluate(lambda seen: np.ones((len(seen.reward), ARMS)), study)
    with pytest.raises(UsageError, match="neither a policy"):
        ing.evaluate(3, study)


def test_the_package_is_imported_without_torch() -> None:
    """The API's names are loaded when they are asked for; `import ingredients` stays light."""
    program = (
        "import sys, ingredients; assert 'torch' not in sys.modules; assert ingredients.Study; print(dir(ingredients))"
    )
    made = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "run_grid" in made.stdout
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        ing.nothing  # noqa: B018


def test_studies_are_loaded_by_name_file_and_mapping(tmp_path: Path) -> None:
    """By the name of a shipped one, by a path, from a dict; changes have dotted keys."""
    shipped = ing.Study.load("bandit", {"tasks.arms": 3})
    assert shipped.tasks.model_dump()["arms"] == 3
    copied = tmp_path / "copy.yaml"
    copied.write_text(shipped_study("bandit").read_text(encoding="utf-8"), encoding="utf-8")
    assert ing.Study.load(copied) == ing.Study.load("bandit")
    assert ing.Study.load(DATA).name == "small"


def test_a_plan_says_what_a_grid_takes(tmp_path: Path) -> None:
    """`print(plan)` is what the command prints."""
    said = str(ing.plan(ing.Study.load(DATA), tmp_path / "none", quick=True))
    assert "small" in said
    assert "2 cells" in said


def test_a_program_may_come_from_stdin(tmp_path: Path) -> None:
    """`python - < script.py` has no file that workers could load again, and needs none."""
    program = (
        f"import ingredients as ing\nprint(ing.plan(ing.Study.load({DATA!r}), {str(tmp_path / 'r')!r}, quick=True))"
    )
    made = subprocess.run([sys.executable, "-"], input=program, capture_output=True, text=True, check=False)
    assert (made.returncode, made.stderr) == (0, "")
    assert "2 cells" in made.stdout


def test_the_examples_of_the_page_run(small_result: ing.Result, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's agents play on the small study's agents: the exchange costs what was learned, and curves are drawn."""
    page = (Path(__file__).parent.parent / "docs" / "api.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    monkeypatch.setattr("matplotlib.pyplot.show", lambda: None)
    names: dict[str, object] = {}
    front = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    ten_lines = next(
        block for block in re.findall(r"```python\n(.*?)```", front, flags=re.DOTALL) if "exchange" in block
    )
    exec(ten_lines.replace('"results/bandit"', repr(str(small_result.directory))), {})
    played_block = next(block for block in blocks if "exchange" in block)
    exec(played_block.replace('"results/bandit"', repr(str(small_result.directory))), names)
    plain, exchanged = names["plain"], names["exchanged"]
    assert isinstance(plain, pd.DataFrame)
    assert isinstance(exchanged, pd.DataFrame)
    assert len(plain) == len(exchanged) == 10 * PULLS
    before = plain["step"] < PULLS // 2
    same = [name for name in plain if not str(name).startswith("component")]
    assert plain.loc[before, same].equals(exchanged.loc[before, same])  # until then they are the same lifetimes
    assert not plain.loc[~before, same].equals(exchanged.loc[~before, same])
    first = next(block for block in blocks if "result.cells" in block)
    exec(first.replace('"results/bandit"', repr(str(small_result.directory))).replace("adaptation", "runs"), {})
