"""Curves made to order for the tests of judging: lifetimes of ten episodes on a scale from 0.5 (floor) to 0.9.

Scores are said normalised and turned into raw curves, so that a test reads in the terms of the rule.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ingredients.grid import Cell
from ingredients.judgement import ENVIRONMENT, INTERNAL, CellInput, Curve, Judgement, RunCurves, judge_study
from ingredients.judgement_input.curves import BlockCurves
from ingredients.judgement_input.references import read_references
from ingredients.study import Criterion

FLOOR, SPAN, EPISODES, EARLY = 0.5, 0.4, 10, 2
REACTIVE_LATE = 0.5
JITTER = (-0.02, 0.01, 0.0, -0.01, 0.02)
FULL = Cell(True, True, True, True)
ALL_CELLS = tuple(Cell(*levels) for levels in itertools.product((False, True), repeat=4))


Changes = dict[str, dict[str, Any] | None]


def curve(early: float, late: float) -> Curve:
    """Returns a raw curve that steps from one normalised score to another after the two early episodes."""
    return FLOOR + SPAN * np.array([early] * EARLY + [late] * (EPISODES - EARLY))


def run(seed: int, late: float, early: float = 0.0, carried: float = 0.0, **points: float) -> RunCurves:
    """Returns a finished run; a swap costs it `carried`; `points` are late scores at `step_<n>`."""
    plain, swapped = curve(early, late), curve(early, late - carried)
    return RunCurves(
        seed=seed,
        plain=plain,
        swapped={INTERNAL: swapped},
        on_blocks=BlockCurves(on_blocks(plain), {INTERNAL: on_blocks(swapped)}),
        points={int(step.removeprefix("step_")): curve(early, score) for step, score in points.items()},
    )


def on_blocks(mean: Curve, spread: float = 0.002) -> Curve:
    """Returns curves on ten blocks of tasks, some harder and some easier, whose mean is `mean`."""
    return mean + SPAN * spread * np.linspace(-1, 1, 10)[:, None]


def stored_outside(run: RunCurves) -> RunCurves:
    """Returns the run with a swap of the environment that costs it all that it earns."""
    assert run.on_blocks is not None
    plain, swapped = run.on_blocks.plain, run.on_blocks.swapped
    return replace(run, on_blocks=BlockCurves(plain, {**swapped, ENVIRONMENT: plain - 5}))


def cell(which: Cell, lates: Sequence[float], early: float = 0.0, carried: float = 0.0, failed: int = 0) -> CellInput:
    """Returns a cell whose seeds 0, 1, ... end at these late scores, followed by failed seeds."""
    runs = tuple(run(seed, late, early, carried) for seed, late in enumerate(lates))
    return CellInput(which, runs, tuple(range(len(lates), len(lates) + failed)))


def jittered(score: float) -> list[float]:
    """Returns five late scores close to one."""
    return [score + jitter for jitter in JITTER]


def shaped(which: Cell, shape: str) -> CellInput:
    """Returns a cell of five seeds that plainly is what `shape` says: none, reactive, in-context or undecided."""
    if shape == "in-context":
        return cell(which, jittered(0.95), carried=0.5)
    if shape == "reactive":
        return cell(which, jittered(0.45))
    if shape == "undecided":
        return CellInput(which, tuple(run(s, late, 0.0, late / 2) for s, late in enumerate((0.9, 0.9, 0.9, 0.0, 0.0))))
    return cell(which, jittered(0.0))


def shaped_grid(shapes: Mapping[Cell, str]) -> list[CellInput]:
    """Returns the sixteen cells; those that are not named are `none`."""
    return [shaped(which, shapes.get(which, "none")) for which in ALL_CELLS]


def references(**changes: dict[str, Any] | None) -> dict[str, Any]:
    """Returns references as the store keeps them; a keyword replaces one, None takes it away with its role."""
    known = {
        "best_fixed": reference(0.0, 0.0, exact=True, expected_return=5.0),
        "reactive": reference(0.0, REACTIVE_LATE),
        "reactive_reward_only": reference(0.0, 0.15),
        "bayes_optimal": reference(0.0, 1.0, carried=0.6, exact=True, expected_return=8.3),
    }
    known.update({name: entry for name, entry in changes.items() if entry is not None})
    for name in (name for name, entry in changes.items() if entry is None):
        del known[name]
    return {
        "floor": "best_fixed",
        "reactive": "reactive" if "reactive" in known else None,
        "yardstick": "bayes_optimal",
        "writable": False,
        "references": known,
    }


def reference(
    early: float, late: float, carried: float = 0.0, exact: bool = False, expected_return: float | None = None
) -> dict[str, Any]:
    """Returns one reference of three simulated runs that hardly differ."""
    lates = [late - 0.001, late, late + 0.001]
    return {
        "exact": exact,
        "expected_return": expected_return,
        "curves": {
            "none": [curve(early, score).tolist() for score in lates],
            "memory_swap": [curve(early, score - carried).tolist() for score in lates],
        },
    }


def judge(*cells: CellInput, writable: bool = False, changes: Changes | None = None) -> Judgement:
    """Judges cells with the made-up references, some of them changed, under the default criterion."""
    return judge_stored(cells, references(**(changes or {})), writable)


def judge_stored(cells: Sequence[CellInput], stored: Mapping[str, Any], writable: bool = False) -> Judgement:
    """Judges cells with references as the store keeps them, under the default criterion."""
    return judge_study(cells, read_references({**stored, "writable": writable}), Criterion())
