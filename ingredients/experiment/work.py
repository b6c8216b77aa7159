"""Counts a run's steps of training and evaluations beforehand."""

from __future__ import annotations

from ingredients.experiment import Work
from ingredients.experiment.stack import evaluation_points
from ingredients.inner import analysis, planning
from ingredients.probes import spec_of_probe
from ingredients.study import Study
from ingredients.tasks.lifetime import half_way
from ingredients.training.draws import TRAINING_SAMPLE
from ingredients.training.evaluation import probes_of
from ingredients.training.inside import lanes_of
from ingredients.training.probes import intervention
from ingredients.training.trainer import prepare


def work_of_a_run(study: Study) -> Work:
    """Returns the steps of each run: whole rollouts, and all evaluations."""
    setup = prepare(study, ())
    settings = study.evaluation
    probes = probes_of(setup.family)
    by_twin = any(intervention(name).by_twin for name in probes)
    from_half = sum(not spec_of_probe(name).throughout for name in probes)
    own = min(settings.tasks, TRAINING_SAMPLE)
    before_last = len(evaluation_points(setup.updates, settings.points)) - 1
    at_points = before_last * (min(settings.tasks_at_points, settings.tasks) + min(settings.tasks_at_points, own))
    # these probes start half-way, from the plain lifetime that has been played
    second_half = setup.family.steps - half_way(setup.family)
    whole = at_points + own + settings.tasks * (1 + len(probes) - from_half)
    twins = half_way(setup.family) if by_twin else 0
    played = whole * setup.family.steps + settings.tasks * (from_half * second_half + twins)
    played += 2 * lanes_of(setup, settings.tasks) * setup.family.steps  # for the decoder: untrained and trained
    if settings.analysis == "inner_algorithm":
        played += analysis.steps_asked(setup, before_last + 1, settings.tasks)
    if settings.analysis == "planning":
        played += planning.steps_asked(setup, settings.tasks)
    return Work(setup.updates * setup.steps_per_update, played)
