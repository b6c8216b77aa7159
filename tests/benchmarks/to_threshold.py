"""How soon the full cell is good: `python -m tests.benchmarks.to_threshold`.

Comes in: options. Goes out: for 2 arms x 100 pulls and 5 arms x 100 pulls, and for every seed, the first evaluation
point from which on the normalised late score stays at 0.95 or above: its env steps, and the seconds of training until
then; or `None`, with the best score seen.

The learner is the default one but for its budget; what it anneals, it anneals over the budget, so these are not the
fewest steps in which the threshold could be reached. The seeds train as one stack in one worker: its seconds are those
of all seeds together, evaluation not counted. Scores are as in docs/design.md §6: 0 is `best_fixed`, 1 the yardstick's
late mean, both on the same held-out tasks as the agents.
"""

from __future__ import annotations

import time
from typing import Any

from rich.table import Table

from ingredients.engine.calls import results_of
from ingredients.engine.local import LocalEngine
from ingredients.engine.protocol import Job
from ingredients.study import Study, parse_study

from .part import Options, Part, Result, main

THRESHOLD = 0.95
SIZES = ((2, 100), (5, 100))
POINTS, TASKS = 24, 4096


def measure(options: Options) -> Result:
    """Returns the scores of every seed at every point, and where they come to stay."""
    jobs = [
        Job(f"{arms}-arms", f"{__package__}.to_threshold:learn", (arms, pulls, options.seeds, options.train_steps))
        for arms, pulls in SIZES
    ]
    with LocalEngine(min(options.workers, len(jobs))) as engine:
        bandits = results_of(engine, jobs)
    return {"threshold": THRESHOLD, "bandits": sorted(bandits, key=lambda bandit: int(bandit["arms"]))}


def learn(arms: int, pulls: int, seeds: int, train_steps: int) -> dict[str, Any]:
    """Trains the full cell with several seeds, and scores it at points on the way (runs inside a worker)."""
    from ingredients.experiment.stack import evaluation_points
    from ingredients.grid import runs
    from ingredients.training.trainer import begin_training, prepare, train

    study = full_cell_study(arms, pulls, seeds, train_steps)
    setup = prepare(study, runs(study))
    yardstick, score = _judge(setup)
    training, points, seconds = begin_training(setup), [], 0.0
    wanted, began = evaluation_points(setup.updates, POINTS), time.perf_counter()
    for update in train(setup, training):
        seconds += time.perf_counter() - began
        if update.number + 1 in wanted:
            points.append({"env_steps": update.train_step, "seconds": seconds, "scores": score(training.policy)})
        began = time.perf_counter()
    return {
        "arms": arms,
        "pulls": pulls,
        "yardstick": yardstick,
        "train_steps": train_steps,
        "stack": seeds,
        "seconds": round(seconds, 1),
        "runs": [stays(points, seed) for seed in range(seeds)],
        "points": [{**point, "seconds": round(point["seconds"], 2)} for point in points],
    }


def full_cell_study(arms: int, pulls: int, seeds: int, train_steps: int) -> Study:
    """Returns the study of the cell with all ingredients, with the default learner."""
    on = {name: [True] for name in ("reward_observation", "action_observation", "memory", "task_distribution")}
    tasks = {"family": "bernoulli-bandit", "arms": arms, "episodes": pulls}
    data = {"name": "to-threshold", "tasks": tasks, "ingredients": on, "seeds": seeds}
    return parse_study(data | {"learner": {"train_steps": train_steps}}, "to-threshold")


def stays(points: list[dict[str, Any]], seed: int) -> dict[str, Any]:
    """Returns the first point from which on a seed's score is never below the threshold, with its best and its last."""
    scores = [point["scores"][seed] for point in points]
    low = [index for index, score in enumerate(scores) if score < THRESHOLD]
    first = low[-1] + 1 if low else 0
    there = points[first] if first < len(points) else {"env_steps": None, "seconds": None}
    reached = {"env_steps": there["env_steps"], "seconds": there["seconds"] and round(there["seconds"], 2)}
    return {"seed": seed, **reached, "best": max(scores), "last": scores[-1]}


def _judge(setup: Any) -> tuple[str, Any]:  # noqa: ANN401 - torch's, which the main process does not load
    """Returns the yardstick's name, and what scores policies `[S, P]` on the held-out tasks."""
    import numpy as np

    from ingredients.judgement.scores import Scale, late
    from ingredients.references import references_for
    from ingredients.training.draws import evaluation_tasks
    from ingredients.training.evaluation import evaluate

    tasks = evaluation_tasks(setup.family, TASKS)
    references = references_for(setup.family)
    curves = {
        one.name: np.array(one.curves(tasks, 0).none)
        for one in references.all
        if one.name in (references.floor, references.yardstick)
    }
    scale = Scale(curves[references.floor], late(curves[references.yardstick]))
    per_run = tasks.expand(len(setup.runs), *tasks.shape)

    def score(policy: Any) -> list[float]:  # noqa: ANN401 - torch's
        plain = evaluate(setup, policy, per_run).curves["none"].numpy()
        return [round(scale.normalise(late(curve)), 4) for curve in plain]

    return references.yardstick, score


def table(result: Result) -> Table:
    """Returns every seed, one a row."""
    rows = Table("bandit", "seed", f"env steps to {result['threshold']}", "seconds", "best", "last")
    for bandit in result["bandits"]:
        name = f"{bandit['arms']} arms x {bandit['pulls']} pulls ({bandit['yardstick']})"
        for run in bandit["runs"]:
            reached = run["env_steps"] is not None
            when = (f"{run['env_steps']:,}", f"{run['seconds']:.1f}") if reached else ("not reached", "-")
            rows.add_row(name, str(run["seed"]), *when, f"{run['best']:.3f}", f"{run['last']:.3f}")
    return rows


PART = Part("Until the full cell is good", measure, table)

if __name__ == "__main__":
    main(PART)
