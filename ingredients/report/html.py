"""`report.html`: the whole report as one page that opens offline; nothing in it comes from elsewhere, and nothing runs.

Comes in: the evidence, the judgement, the pictures. Goes out: HTML. What stands where is the template's; what is said
is decided in `rows` and `wording`. jinja2 escapes every text: a question, a reason or a name may hold any character.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import jinja2
import yaml

from ingredients.judgement import CellResult, Judgement
from ingredients.judgement.words import describe
from ingredients.report import rows, wording
from ingredients.report.assemble import Evidence, go_on
from ingredients.report.curves import Curves
from ingredients.report.figures import Drawn
from ingredients.report.figures.inline import inline
from ingredients.study import INGREDIENTS

_PANEL_KEY = (
    "Thin: runs; bold: their mean with its interval; dashed: memory swapped half-way; grey, dotted, long dashes: "
    "floor, reactive and yardstick; green: the ceiling of what the cell may know; shaded: the late fifth."
)


class Table(NamedTuple):
    """A table: what it shows, the names of its columns, its rows; the first column names the row."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def page(
    evidence: Evidence,
    judgement: Judgement,
    pictures: Sequence[Drawn],
    cells: Sequence[tuple[CellResult, Drawn]],
) -> str:
    """Returns the page; `cells` are the small pictures, one a cell."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ingredients.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    style = environment.loader.get_source(environment, "report.css")[0] if environment.loader else ""
    shown = {each.words.name: {"svg": inline(each), "title": each.words.title} for each in pictures}
    text = environment.get_template("report.html").render(
        **_answer(evidence, judgement),
        **_tables(evidence, judgement),
        **_runs(evidence),
        style=style,
        pictures=shown,
        probe_pictures=[name for name in shown if name.startswith("probes")],
        cells=[_cell(result, drawn) for result, drawn in cells],
        panel_key=_PANEL_KEY,
        sections=_sections(shown),
    )
    return text.lstrip()


def _answer(evidence: Evidence, judgement: Judgement) -> dict[str, Any]:
    study = evidence.study
    return {
        "title": study.question or study.name,
        "study": study.name,
        "progress": wording.progress(evidence),
        "incomplete": bool(evidence.missing or evidence.failures),
        "sentence": judgement.sentence,
        "claim": judgement.claim,
        "scale": rows.scale_key(evidence, judgement),
        "meanings": [(verdict, wording.marked(verdict), meaning) for verdict, meaning in wording.meanings(judgement)],
        "ingredient_sentences": [result.sentence for result in judgement.ingredients.values()],
        "sufficient": rows.sufficient(judgement),
        "notes": rows.notes(evidence, judgement),
    }


def _tables(evidence: Evidence, judgement: Judgement) -> dict[str, Table]:
    ordered, curves = rows.ordered(judgement), Curves(evidence)
    return {
        "ingredient_table": Table(
            "What lacking an ingredient costs, all others on",
            [
                "ingredient",
                "needed here",
                "why",
                "late score lost without it",
                "p",
                "a run with it is better",
            ],
            [rows.ingredient_evidence(name, result) for name, result in judgement.ingredients.items()],
        ),
        "score_table": Table("Scores and verdicts", rows.SCORES, [rows.score_row(result) for result in ordered]),
        "ceiling_table": Table(
            "Return of a lifetime, beside the most that the cell's information allows",
            rows.CEILINGS,
            [rows.ceiling_row(result) for result in ordered],
        ),
        "probe_table": Table(
            "What the probes show",
            ["cell", *map(wording.probe_name, wording.PROBE_NAMES)],
            list(map(rows.probe_row, ordered)),
        ),
        "emergence_table": Table(
            "When the runs come to adapt",
            ["cell", "median step", "runs", "late return, own training tasks less held-out"],
            list(map(rows.emergence_row, ordered)),
        ),
        "reference_table": Table(
            "References",
            ["reference", "late score", "return", "expected return", "exact", "role: judged as"],
            [rows.reference_row(each, curves, judgement) for each in judgement.references.values()],
        ),
    }


def _runs(evidence: Evidence) -> dict[str, Any]:
    return {
        "failed": [(run.id, reason) for run, reason in evidence.failures.items()],
        "missing": [run.id for run in evidence.missing],
        "go_on": go_on(evidence.directory),
        "configuration": evidence.study.to_yaml(),
        "versions": yaml.safe_dump(list(map(dict, evidence.versions)), sort_keys=True),
    }


def _cell(result: CellResult, drawn: Drawn) -> dict[str, Any]:
    reason = [result.reason] if result.reason else []
    return {
        "svg": inline(drawn),
        "name": describe(result.cell),
        "verdict_class": result.verdict or "null",
        "mark": wording.marked(result.verdict),
        "late": wording.interval(result.late),
        "learned": rows.learned(result),
        "lines": [wording.levels(result.cell, INGREDIENTS), *reason, *result.warnings],
    }


def _sections(shown: dict[str, Any]) -> list[tuple[str, str]]:
    names = [
        ("ingredients", "What is needed"),
        ("cells", "Every cell"),
        ("probes", "Probes"),
        ("emergence", "Emergence"),
        ("doses", "Doses"),
        ("references", "References"),
        ("failures", "Failures"),
        ("configuration", "Configuration"),
    ]
    return [
        (anchor, name) for anchor, name in names if anchor in shown or anchor not in ("probes", "emergence", "doses")
    ]
