"""`report.json`: the contract of docs/design.md §10."""

from __future__ import annotations

from typing import Any

from ingredients.judgement import Judgement
from ingredients.judgement_input.gather import Evidence
from ingredients.report.facts import facts
from ingredients.report.rows import notes
from ingredients.report.schema import IDENTITY
from ingredients.study.axis import bins_of


def document(evidence: Evidence, judgement: Judgement) -> dict[str, Any]:
    """Returns the report as one JSON object: the contract's keys first, in order.

    `leakage` is null if not measured; `schema` names its schema.
    """
    study = evidence.study
    return {
        "study": study.name,
        "tasks": study.tasks.model_dump() | bins_of(study.tasks),
        "criterion": study.criterion.model_dump(),
        "complete": evidence.complete,
        "runs": {"done": evidence.finished, "planned": evidence.planned, "failed": len(evidence.failures)},
        **judgement.json(),
        "notes": notes(evidence, judgement),
        "leakage": evidence.references.measured_leakage if evidence.references else None,
        "facts": facts(evidence),
        "question": study.question,
        "failures": [{"run": run.id, "reason": reason} for run, reason in evidence.failures.items()],
        "missing": [run.id for run in evidence.missing],
        "schema": IDENTITY,
    }
