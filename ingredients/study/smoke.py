"""A study at smoke size, where nothing is learned well."""

from __future__ import annotations

from dataclasses import replace

from ingredients.study.models import MINIBATCHES, Study
from ingredients.study.tasks import is_foreign

SEEDS = 2
TRAIN_STEPS = 20_000
LIFETIMES = 32
TASKS, POINTS, TASKS_AT_POINTS = 256, 3, 64
FOREIGN_TASKS, FOREIGN_AT_POINTS = 5, 4  # a Python environment steps some hundred times slower


def smoke_sized(study: Study) -> Study:
    """Returns the study with few seeds, steps and evaluation tasks."""
    learner, evaluation = study.learner, study.evaluation
    # as many whole minibatches as fit, and at least one
    minibatches = MINIBATCHES if learner.minibatches == "auto" else learner.minibatches
    most = max(LIFETIMES // minibatches, 1) * minibatches
    lifetimes = most if learner.lifetimes == "auto" else min(learner.lifetimes, most)
    foreign = is_foreign(study.tasks)
    tasks, at_points = (FOREIGN_TASKS, FOREIGN_AT_POINTS) if foreign else (TASKS, TASKS_AT_POINTS)
    changes = {
        "seeds": replace(study.seeds, count=min(study.seeds.count, SEEDS)),
        "learner": learner.model_copy(
            update={"train_steps": min(learner.train_steps, TRAIN_STEPS), "lifetimes": lifetimes}
        ),
        "evaluation": evaluation.model_copy(
            update={
                "tasks": min(evaluation.tasks, tasks),
                "points": min(evaluation.points, POINTS),
                "tasks_at_points": min(evaluation.tasks_at_points, at_points),
                "reactive_agents": 0,
            }
        ),
    }
    return study.model_copy(update=changes)
