"""The page's tables: all numbers behind its pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ingredients.judgement import CellResult, IngredientResult, Judgement, RunResult
from ingredients.judgement.words import describe
from ingredients.judgement_input.gather import Evidence
from ingredients.report import columns, inner, planning, routes, rows, wording
from ingredients.report.curves import ShownCurves

_INGREDIENTS = (
    "ingredient",
    "needed here",
    "why",
    "late score lost without it",
    rows.P_OF_LOSS,
    rows.PROBABILITY,
    "cells that show it",
)
_RUNS = (
    "run",
    "return",
    "early",
    "late",
    "gain",
    "late score minus a reaction's",
    "lost by the swap",
    "learned",
    "late return on own tasks",
    "emerges at step",
)


class Table(NamedTuple):
    """Caption, column names, and rows whose first column names them."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def tables(evidence: Evidence, judgement: Judgement) -> dict[str, Table]:
    """Returns every table of the page."""
    ordered = rows.ordered(judgement)
    curves = ShownCurves(evidence, judgement)
    probes = wording.probe_names(ordered)
    return {
        "ingredients": Table(
            "Late score lost without one ingredient, all others on",
            _INGREDIENTS,
            [_ingredient_row(name, result) for name, result in judgement.ingredients.items()],
        ),
        "effects": Table(
            "Main effects and interactions on the late score, over all cells (they describe, and decide nothing)",
            ("effect", "late score", "p"),
            list(_effect_rows(judgement)),
        ),
        "runs": Table("Every finished run", _RUNS, [_run_row(cell, run) for cell in ordered for run in cell.runs]),
        "scores": _of_cells("Scores and verdicts", columns.scores(), ordered),
        "ceilings": _of_cells(
            "Return of a lifetime, and the ceiling: the highest that the cell's information allows",
            columns.ceilings(),
            ordered,
        ),
        "probes": Table(
            "What the probes show",
            ("cell", *map(wording.probe_name, probes)),
            [rows.probe_row(result, probes) for result in ordered],
        ),
        "routes": Table(
            "By which route the agents of a cell have each ingredient",
            routes.ROUTES,
            list(map(routes.route_row, routes.routed(ordered))),
        ),
        "analysis": Table(
            evidence.study.tasks.analysis,
            ("cell", *(name.replace("_", " ") for name in rows.analysed(judgement))),
            [rows.analysis_row(each, rows.analysed(judgement)) for each in ordered if each.statistics],
        ),
        **_inner(judgement),
        "planning": Table(
            "Which signs of planning the agents of a cell show",
            planning.HEAD,
            [planning.row(*each) for each in planning.found(judgement)],
        ),
        "emergence": _of_cells("From which training step on the runs adapt", columns.courses(), ordered),
        "doses": Table("Late score by dose", ("dose", "late score", "verdict"), list(_dose_rows(judgement))),
        "references": Table(
            "Return and score of each reference",
            rows.REFERENCES,
            [rows.reference_row(each, curves, judgement) for each in judgement.references.values()],
        ),
    }


def _inner(judgement: Judgement) -> dict[str, Table]:
    """Returns the inner algorithm's tables: every cell, the fullest beside known policies, stakes."""
    return {
        "inner": Table(
            "Which algorithm the agents of a cell run inside",
            inner.HEAD,
            [inner.row(*each) for each in inner.found(judgement)],
        ),
        "inner_beside": Table(
            "The fullest cell beside known algorithms, in its agents' own lifetimes and in Bayes-optimal ones",
            inner.BESIDE,
            inner.beside_rows(judgement),
        ),
        "inner_worth": Table(
            "Value lost per decision, by what exploring is worth (the fullest cell's own lifetimes)",
            inner.WORTH,
            inner.worth_rows(judgement),
        ),
    }


def _of_cells(caption: str, shown: Sequence[columns.CellColumn], results: Sequence[CellResult]) -> Table:
    return Table(caption, columns.heads(shown), columns.table_rows(shown, results))


def _ingredient_row(name: str, result: IngredientResult) -> list[str]:
    proof = "; ".join(map(describe, result.proof))
    return [*rows.ingredient_evidence(name, result), proof or wording.NOTHING]


def _effect_rows(judgement: Judgement) -> Iterator[list[str]]:
    for each in judgement.factorial:
        effect = each.effect
        names = " × ".join(name.replace("_", " ") for name in each.names)
        yield [names, wording.bounded(effect.mean, effect.low, effect.high), wording.p_text(effect.p)]


def _dose_rows(judgement: Judgement) -> Iterator[list[str]]:
    for response in judgement.doses:
        for dose in response.doses:
            name = f"{response.ingredient.replace('_', ' ')}: {dose.level}"
            yield [name, wording.interval(dose.late), wording.marked(dose.verdict)]


def _run_row(cell: CellResult, run: RunResult) -> list[str]:
    carried = ", ".join(f"{wording.number(value)} ({carrier})" for carrier, value in run.carried.items())
    scores = [wording.number(value) for value in (run.early, run.late, run.gain, run.beyond)]
    return [
        f"{describe(cell.cell)}, seed {run.seed}",
        wording.number(run.return_, 1),
        *scores,
        carried or wording.NOTHING,
        wording.answer(run.learned),
        wording.number(run.training_late),
        _emerges(run),
    ]


def _emerges(run: RunResult) -> str:
    """Returns from when a run adapts, or until when it did."""
    if run.emergence.at is not None:
        return f"{run.emergence.at:,}"
    if run.emergence.lost_from is not None and run.emergence.lost_at is not None:
        return f"from {run.emergence.lost_from:,}, lost at {run.emergence.lost_at:,}"
    return wording.NOTHING
