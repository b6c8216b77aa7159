"""`report.html`: one offline page that loads nothing and escapes every text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

import yaml

from ingredients.grid import study_fingerprint
from ingredients.judgement import CellResult, Judgement
from ingredients.judgement.words import describe
from ingredients.judgement_input.gather import Evidence, go_on
from ingredients.report import inner, opening, planning, reading, rows, short, wording
from ingredients.report.citation import citation
from ingredients.report.facts import facts, new_tasks
from ingredients.report.figures import Picture
from ingredients.report.figures.inline import inline, ratio
from ingredients.report.html_tables import tables
from ingredients.report.templating import filled_in
from ingredients.study import INGREDIENTS
from ingredients.study.axis import axis_of

_LINES = {"floor": "grey", "reactive": "dotted", "yardstick": "long dashes"}
_NOT_ALWAYS = ("trace", "failures", "probes", "routes", "analysis", "inner", "planning", "emergence", "doses")


def page(
    evidence: Evidence,
    judgement: Judgement,
    pictures: Sequence[Picture],
    cells: Sequence[tuple[CellResult, Picture]],
) -> str:
    """Returns the page; `cells` are the small pictures."""
    if short.is_short(judgement):
        answer = {**_answer(evidence, judgement), **_runs(evidence)}
        parts = [(title, list(map(short.split, lines))) for title, lines in short.sections(evidence, judgement)]
        full = {each.words.name: shown_in_page(each) for each in pictures if each.words.name == "full_cell"}
        return filled_in("short.html", **answer, parts=parts, pictures=full)
    written = tables(evidence, judgement)
    filled = [name for name in ("routes", "analysis", "planning", "doses") if written[name].rows]
    shown = {each.words.name: shown_in_page(each) for each in pictures}
    return filled_in(
        "report.html",
        **_answer(evidence, judgement),
        **_runs(evidence),
        pictures=shown,
        tables=written,
        verdict_classes={wording.marked(verdict): verdict or "null" for verdict in wording.VERDICT_MARKS},
        inner_measures=inner.measures(judgement),
        planning_measures=planning.MEASURES,
        needed_by_runs=rows.NEEDED_BY_RUNS,
        probes_text=reading.PROBES,
        routes_text=reading.ROUTES,
        policies=reading.policies(judgement),
        reading=[
            (reading.WORDS, reading.words(judgement)),
            (reading.INTERVALS, reading.intervals(evidence, judgement)),
            ("How it was made", reading.made(evidence)),
        ],
        probe_pictures=[name for name in shown if name.startswith("probes")],
        cells=[_cell(result, drawn) for result, drawn in cells],
        each=axis_of(evidence.study.tasks).of_points,
        panel_key=_panel_key(evidence, judgement),
        sections=_sections({*shown, *_lost(evidence), *filled}),
    )


def shown_in_page(picture: Picture) -> dict[str, str]:
    """Returns a picture for templates: element, aspect ratio, title."""
    return {"svg": inline(picture), "ratio": f"{ratio(picture):.3f}", "title": picture.words.title}


def _lost(evidence: Evidence) -> list[str]:
    """Returns the section of failed or missing runs, if any."""
    return ["failures"] if evidence.failures or evidence.missing else []


def _panel_key(evidence: Evidence, judgement: Judgement) -> str:
    """Returns the legend of the lines in the panels."""
    ceiling = any(result.ceiling for result in judgement.cells)
    parts = [
        "Thin lines: runs",
        "bold: their mean with its interval",
        "dashed: memory swapped half-way",
        *(f"{line}: {role}" for role, line in _LINES.items() if evidence.reference(role)),
        *(
            ["green: the ceiling, the highest return known to be possible with the cell's information"]
            if ceiling
            else []
        ),
        "shaded: the last fifth of a lifetime",
    ]
    return f"{'. '.join(part[:1].upper() + part[1:] for part in parts)}."


def _answer(evidence: Evidence, judgement: Judgement) -> dict[str, Any]:
    study = evidence.study
    return {
        "title": opening.title(evidence),
        "study": study.name,
        "progress": wording.progress(evidence),
        "incomplete": bool(evidence.failures) or not evidence.complete,
        "opening": opening.opening(judgement),
        "details": opening.details(judgement),
        "claims": opening.tested_claims(judgement),
        "facts": facts(evidence),
        "new_tasks": new_tasks(evidence),
        "scale": rows.scale_key(evidence, judgement),
        "meanings": [(verdict, wording.marked(verdict), meaning) for verdict, meaning in wording.meanings(judgement)],
        "ingredient_sentences": [result.sentence for result in judgement.ingredients.values()],
        "sufficient": rows.sufficient(judgement),
        "notes": rows.notes(evidence, judgement),
    }


def _runs(evidence: Evidence) -> dict[str, Any]:
    return {
        "failed": [(run.id, reason) for run, reason in evidence.failures.items()],
        "missing": [run.id for run in evidence.missing],
        "go_on": go_on(evidence.directory),
        "configuration": evidence.study.to_yaml(),
        "versions": yaml.safe_dump(list(map(dict, evidence.versions)), sort_keys=True),
        "fingerprints": yaml.safe_dump(asdict(study_fingerprint(evidence.study)), sort_keys=False),
        "citation": citation(evidence),
    }


def _cell(result: CellResult, drawn: Picture) -> dict[str, Any]:
    # where the study is not applicable all cells have one reason, which the first screen says
    reason = [result.reason] if result.reason and result.verdict else []
    return {
        "svg": inline(drawn),
        "name": describe(result.cell),
        "verdict_class": result.verdict or "null",
        "mark": wording.outcome(result),
        "late": wording.interval(result.late),
        "learned": wording.learners(result),
        "lines": [
            f"{wording.levels(result.cell, INGREDIENTS)}{wording.storage(result)}",
            *reason,
            *result.warnings,
            *result.advice,
        ],
    }


def _sections(there: Collection[str]) -> list[tuple[str, str]]:
    """Returns anchor and name of each section there."""
    names = [
        ("ingredients", "What is needed"),
        ("cells", "Every cell"),
        ("trace", "Lifetimes"),
        ("probes", "Probes"),
        ("routes", "Routes"),
        ("analysis", "Analysis"),
        ("inner", inner.TITLE),
        ("planning", planning.TITLE),
        ("emergence", "Emergence"),
        ("doses", "Doses"),
        ("references", "Tasks and references"),
        ("failures", "Failures"),
        ("reading", "How to read this"),
        ("configuration", "Configuration"),
    ]
    return [(anchor, name) for anchor, name in names if anchor in there or anchor not in _NOT_ALWAYS]
