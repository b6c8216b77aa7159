"""Normalised scores of a cell under each probe (docs/design.md §8)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ingredients.judgement.results import Interval, ProbeResult
from ingredients.judgement.scores import Scale, early, late, window
from ingredients.judgement.statistics import t_interval
from ingredients.judgement_input.curves import Curve, RunCurves
from ingredients.probes import spec_of_probe


def probe_results(runs: Sequence[RunCurves], scale: Scale, confidence: float) -> dict[str, ProbeResult]:
    """Returns the probes of every run by name."""
    shared = set.intersection(*(set(run.probes) for run in runs)) if runs else set()
    return {name: _probe(name, runs, scale, confidence) for name in sorted(shared)}


def _probe(name: str, runs: Sequence[RunCurves], scale: Scale, confidence: float) -> ProbeResult:
    mean: Curve = np.mean([run.probes[name] for run in runs], axis=0)
    if not scale.usable:
        none = Interval(None, None, None)
        return ProbeResult(tuple(mean.tolist()), none, none, none, none, none, none)
    touched = touched_from(name, mean.size)
    scores = np.array([_scores(run, run.probes[name], touched, scale) for run in runs])
    return ProbeResult(tuple(mean.tolist()), *(t_interval(column, confidence) for column in scores.T))


def touched_from(probe: str, episodes: int) -> int:
    """Returns the first episode (0-based) that a probe affects."""
    return 0 if spec_of_probe(probe).throughout else episodes // 2


def _scores(run: RunCurves, probed: Curve, touched: int, scale: Scale) -> tuple[float, ...]:
    """Returns a run's scores under a probe, in `ProbeResult`'s order."""
    after = probed[touched : touched + window(probed.size)]
    return (
        scale.normalise(early(probed)),
        scale.normalise(late(probed)),
        scale.gain(probed),
        scale.normalise(float(after.mean())),
        scale.normalise(float(probed[touched])),
        float((run.plain[touched:] - probed[touched:]).mean()) / scale.span,
    )
