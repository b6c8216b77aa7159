"""A study without references: what ran and what it returned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ingredients.judgement.cell_numbers import unknown_numbers
from ingredients.judgement.claims import ENOUGH, REQUIRED, STORED
from ingredients.judgement.conclusions import judge_ingredients
from ingredients.judgement.court import by_seed
from ingredients.judgement.findings import Calibration, Claim, Judgement
from ingredients.judgement.results import CellResult, Emergence, Interval, RunResult, Share
from ingredients.judgement.sentences import NOTHING_TO_JUDGE
from ingredients.judgement.statistics import t_interval
from ingredients.judgement_input.curves import CellInput
from ingredients.study import Criterion

_UNKNOWN: Final = Interval(None, None, None)
_NO_REFERENCES = "the references have not been evaluated yet, so there is no scale"


def unjudged(cells: Sequence[CellInput], criterion: Criterion) -> Judgement:
    """Returns a judgement with every cell undecided, and why."""
    results = tuple(_result(cell, criterion) for cell in cells)
    why = f"{_NO_REFERENCES} and nothing is judged" if any(cell.runs for cell in cells) else "no run has finished"
    return Judgement(
        scale=None,
        floor=None,
        yardstick=None,
        references={},
        cells=results,
        ingredients=judge_ingredients(results, criterion),
        minimal_sufficient=(),
        claim=Claim("undecided", f"{REQUIRED} is undecided: {why}.", ()),
        leak_claim=Claim("not applicable", f"{ENOUGH} is not tested: no leak was measured.", ()),
        storage_claim=Claim("not applicable", f"{STORED} is not tested: no run was judged.", ()),
        factorial=(),
        doses=(),
        calibration=Calibration({}, passed=False, reason=_NO_REFERENCES),
        sentence=_sentence(cells),
        notes=(),
    )


def without_runs(cell: CellInput) -> str:
    """Returns why a cell without finished runs cannot be judged."""
    return f"all runs failed ({cell.failed})" if cell.failed else "not run yet"


def _sentence(cells: Sequence[CellInput]) -> str:
    if any(cell.runs for cell in cells):
        return f"Nothing is judged yet: {_NO_REFERENCES}."
    return NOTHING_TO_JUDGE


def _result(cell: CellInput, criterion: Criterion) -> CellResult:
    """Returns a cell's raw returns."""
    runs = tuple(
        RunResult(run.seed, float(run.plain.sum()), None, None, None, None, {}, None, Emergence())
        for run in by_seed(cell)
    )
    return CellResult(
        cell=cell.cell,
        seeds=len(runs),
        failed=cell.failed,
        return_=t_interval([run.return_ for run in runs], criterion.confidence),
        early=_UNKNOWN,
        late=_UNKNOWN,
        gain=_UNKNOWN,
        numbers=unknown_numbers(),
        memorises=False,
        carried={},
        ceiling=None,
        learned=0,
        share=Share(0, 0, 0.0, 1.0),
        classes={},
        verdict="undecided",
        storage=None,
        reason=_NO_REFERENCES if runs else without_runs(cell),
        p=None,
        p_holm=None,
        in_context_excluded=False,
        emerges_at_step=None,
        probes={},
        statistics={},
        warnings=(),
        runs=runs,
    )
