"""How close the full cell comes to the best known: `python -m tests.benchmarks.quality`.

Comes in: options (seeds, workers). Goes out: for bandits of several sizes and every seed, the return of a lifetime on
10,000 held-out tasks, and how much the Gittins index earns more on the very same tasks.

The learner is the default one for each size; only the steps differ. The targets are those that were set before: how
much less than Gittins a run may earn, or the regret that it may have (Bayes-optimal: 1.75 on 2 arms x 100 pulls).
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from rich.table import Table

from ingredients.engine.calls import results_of
from ingredients.engine.local import LocalEngine
from ingredients.engine.protocol import Job

from .part import Options, Part, Result, main
from .to_threshold import full_cell_study

TASKS = 10_000
LUCKS = 4  # times that Gittins plays each task


class Size(NamedTuple):
    """A bandit, the env steps that each run trains, and its target: behind Gittins by so much, or of such a regret."""

    arms: int
    pulls: int
    train_steps: int
    behind: float | None = None
    regret: float | None = None

    def allowed(self, gittins_regret: float) -> float:
        """Returns how much less than Gittins a run may earn."""
        if self.behind is not None:
            return self.behind
        assert self.regret is not None
        return self.regret - gittins_regret


SIZES = (
    Size(10, 100, 18_000_000, behind=1.2),
    Size(5, 100, 6_000_000, behind=0.7),
    Size(2, 100, 2_000_000, regret=2.2),
    Size(5, 10, 1_200_000, behind=0.05),
)


def measure(options: Options) -> Result:
    """Returns every seed's return beside that of Gittins; the sizes train side by side."""
    jobs = [Job(f"{size.arms}x{size.pulls}", f"{__package__}.quality:learn", (size, options.seeds)) for size in SIZES]
    with LocalEngine(min(options.workers, len(jobs))) as engine:
        bandits = results_of(engine, jobs)
    return {"tasks": TASKS, "bandits": sorted(bandits, key=lambda bandit: (bandit["arms"], bandit["pulls"]))}


def learn(size: Size, seeds: int) -> dict[str, Any]:
    """Trains the full cell with several seeds as one stack and evaluates it once (runs inside a worker)."""
    from ingredients.grid import runs
    from ingredients.training.draws import evaluation_tasks
    from ingredients.training.evaluation import evaluate
    from ingredients.training.trainer import begin_training, prepare, train

    study = full_cell_study(size.arms, size.pulls, seeds, size.train_steps)
    setup = prepare(study, runs(study))
    training, began = begin_training(setup), time.perf_counter()
    for _ in train(setup, training):
        pass
    seconds = time.perf_counter() - began
    tasks = evaluation_tasks(setup.family, TASKS)
    curves = evaluate(setup, training.policy, tasks.expand(seeds, *tasks.shape)).curves["none"]
    best, regret = _gittins(setup, tasks)
    returns = [round(value, 3) for value in curves.sum(1).tolist()]
    behind = [round(best - value, 3) for value in returns]
    return {
        "arms": size.arms,
        "pulls": size.pulls,
        "train_steps": size.train_steps,
        "gittins": round(best, 3),
        "gittins_regret": round(regret, 3),
        "returns": returns,
        "behind": behind,
        "allowed": round(size.allowed(regret), 3),
        "reached": [value <= size.allowed(regret) for value in behind],
        "seconds": round(seconds, 1),
    }


def _gittins(setup: Any, tasks: Any) -> tuple[float, float]:  # noqa: ANN401 - torch's, which the main process does not load
    """Returns what Gittins earns on the tasks, and its regret."""
    from ingredients.references import references_for

    (gittins,) = (one for one in references_for(setup.family).all if one.name == "gittins")
    earned = sum(sum(gittins.curves(tasks, luck).none) for luck in range(LUCKS)) / LUCKS
    best: float = setup.family.best_episode_return(tasks).double().mean().item() * setup.family.episodes
    return earned, best - earned


def table(result: Result) -> Table:
    """Returns every bandit, one a row."""
    rows = Table("bandit", "env steps a run", "gittins", "may be behind by", "behind, each seed", "reached", "seconds")
    for bandit in result["bandits"]:
        behind = "  ".join(f"{value:.3f}" for value in bandit["behind"])
        reached = f"{sum(bandit['reached'])} of {len(bandit['reached'])}"
        name, steps = f"{bandit['arms']} arms x {bandit['pulls']} pulls", f"{bandit['train_steps']:,}"
        gittins, allowed = f"{bandit['gittins']:.3f}", f"{bandit['allowed']:.3f}"
        rows.add_row(name, steps, gittins, allowed, behind, reached, f"{bandit['seconds']:.0f}")
    return rows


PART = Part("How close the full cell comes to Gittins", measure, table)

if __name__ == "__main__":
    main(PART)
