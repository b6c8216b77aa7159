"""`ingredients trace`: lifetimes as a picture and a table."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ingredients.api.agent import StoredAgent
from ingredients.api.result import Result, load
from ingredients.grid import Run, cells
from ingredients.judgement.words import describe
from ingredients.report.build import trace_figure
from ingredients.store import Store
from ingredients.store.record import FINISHED
from ingredients.store.traces import TRACES, page_trace_name
from ingredients.tasks.bernoulli_bandit import BernoulliBandit

MOST_STEPS = 2000  # of the lifetimes on a report's page
_PRINTED = ("episode", "step", "action", "reward", "probability", "mean", "belief")


@dataclass(frozen=True, eq=False)
class Trace:
    """What an agent did, a row per step; `name` names files."""

    agent: StoredAgent
    table: pd.DataFrame
    name: str

    @property
    def title(self) -> str:
        """Which agent it is."""
        run = self.agent.run
        return f"{describe(run.cell)} · seed {run.seed} · after {self.agent.train_step:,} steps"

    def text(self) -> str:
        """Returns the first lifetime, a line per step."""
        first = self.table[self.table["lifetime"] == 0]
        kept = [name for name in first if str(name).startswith(_PRINTED)]
        text: str = first[kept].to_string(index=False, float_format="{:.2f}".format)
        return text

    def png(self) -> bytes:
        """Returns the picture."""
        content = io.BytesIO()
        trace_figure(self.table, self.title).savefig(content, format="png", dpi=150, metadata={"Software": None})
        return content.getvalue()

    def write(self, directory: Path) -> tuple[Path, Path]:
        """Writes table and picture into a results folder; returns their paths.

        Raises:
            StoreError: it cannot be written.
        """
        store = Store(directory)
        csv, png = f"{TRACES}/{self.name}.csv", f"{TRACES}/{self.name}.png"
        store.write_text(csv, self.table.to_csv(index=False))
        store.write_bytes(png, self.png())
        return directory / csv, directory / png


def trace(
    result: Result,
    cell: str = "all four ingredients",
    seed: int | None = None,
    *,
    at: int | None = None,
    lifetimes: int = 5,
    luck: int = 0,
    greedy: bool = False,
) -> Trace:
    """Returns what an agent does on fresh tasks; `luck` seeds tasks and draws, `greedy` takes the likeliest actions.

    The rest is as for `Result.agent`.
    """
    agent = result.agent(cell, seed, at=at)
    table = agent.play(lifetimes=lifetimes, seed=luck, greedy=greedy)
    return Trace(agent, with_beliefs(agent, table), f"{agent.run.id}_{agent.train_step}")


def write_page_trace(directory: Path) -> None:
    """Writes the report page's table, if outdated: lifetimes of the full cell's first agent."""
    result = load(directory)
    store = Store(directory)
    name = page_trace_name(result.study)
    full = next((cell for cell in cells(result.study) if cell.is_full), None)
    runs = [] if full is None else [Run(full, seed) for seed in result.study.seeds.numbers]
    marks = {run: store.run_path(run) / FINISHED for run in runs}
    finished = next((run for run in runs if marks[run].is_file()), None)
    written = directory / name
    if finished is None or (written.is_file() and written.stat().st_mtime > marks[finished].stat().st_mtime):
        return
    agent = result.agent(finished.cell, finished.seed)
    lifetimes = 2 if 2 * agent.family.steps <= MOST_STEPS else 1
    table = with_beliefs(agent, agent.play(lifetimes=lifetimes, seed=0))
    store.write_text(name, table.to_csv(index=False, float_format="%.6g"))


def with_beliefs(agent: StoredAgent, table: pd.DataFrame) -> pd.DataFrame:
    """Adds arms' exact posterior means, `belief_i`, on Bernoulli bandits."""
    family = agent.family
    if not isinstance(family, BernoulliBandit):
        return table
    told = [_posterior_means(steps, family.arms) for _, steps in table.groupby("lifetime")]
    means = np.concatenate(told)
    return table.assign(**{f"belief_{arm}": means[:, arm] for arm in range(family.arms)})


def _posterior_means(steps: pd.DataFrame, arms: int) -> npt.NDArray[np.float64]:
    """Returns E[reward of arm | pulls so far], `[T, arms]`, from a uniform prior: (wins + 1) / (pulls + 2)."""
    pulled = np.eye(arms)[steps["action"].to_numpy()]
    won = pulled * steps["reward"].to_numpy()[:, None]
    means: npt.NDArray[np.float64] = (won.cumsum(0) + 1) / (pulled.cumsum(0) + 2)
    return means
