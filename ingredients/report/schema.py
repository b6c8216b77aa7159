"""The JSON Schema of `report.json`, to which later reports may add keys."""

from __future__ import annotations

from typing import Any, get_args

from ingredients.judgement.cell_numbers import NUMBERS
from ingredients.judgement.findings import Because
from ingredients.judgement.results import Method, RunClass, Storage, Verdict
from ingredients.study import INGREDIENTS

VERSION = 1
IDENTITY = f"urn:ingredients:report:{VERSION}"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def report_schema() -> Schema:
    """Returns the JSON Schema of `report.json`."""
    return {
        "$schema": DIALECT,
        "$id": IDENTITY,
        "title": "A report of ingredients",
        **_object(_REPORT),
        "$defs": {name: _object(keys) for name, keys in _PARTS.items()},
    }


def _object(keys: Schema) -> Schema:
    return {"type": "object", "properties": keys, "required": list(keys)}


def _is(kind: str, meant: str = "", **more: object) -> Schema:
    return {"type": kind, **more, **({"description": meant} if meant else {})}


def _or_null(kind: str, meant: str = "") -> Schema:
    return {"type": [kind, "null"], **({"description": meant} if meant else {})}


def _part(name: str, meant: str = "") -> Schema:
    return {"$ref": f"#/$defs/{name}", **({"description": meant} if meant else {})}


def _part_or_null(name: str, meant: str = "") -> Schema:
    return {"anyOf": [_part(name), {"type": "null"}], **({"description": meant} if meant else {})}


def _list(items: Schema, meant: str = "") -> Schema:
    return _is("array", meant, items=items)


def _by_name(values: Schema, meant: str = "") -> Schema:
    return _is("object", meant, additionalProperties=values)


def _one_of(literal: object, meant: str = "") -> Schema:
    return {"enum": [*get_args(literal), None], **({"description": meant} if meant else {})}


_NUMBER, _COUNT, _TEXT, _YES = _is("number"), _is("integer", minimum=0), _is("string"), _is("boolean")
_BOUNDS = {"mean": _or_null("number"), "low": _or_null("number"), "high": _or_null("number")}
_STEP = "a step of training"
_NAMES = _list({"enum": list(INGREDIENTS)})
_PARTS: dict[str, Schema] = {
    "interval": _BOUNDS,
    "effect": {**_BOUNDS, "p": _or_null("number", "two-sided, against no difference"), "seeds": _COUNT},
    "share": {"of": _COUNT, "low": _NUMBER, "high": _NUMBER},
    "counted_share": {"count": _COUNT, "of": _COUNT, "low": _NUMBER, "high": _NUMBER},
    "levels": {name: {"description": "true, false, or the level as the study says it"} for name in INGREDIENTS},
    "runs": {"done": _COUNT, "planned": _COUNT, "failed": _COUNT},
    "yardstick": {"name": _TEXT, "exact": _YES, "late": _is("number", "raw mean return, the score 1")},
    "reference": {
        "curve": _list(_NUMBER, "raw return of each episode, or of each bin of steps"),
        "return": _is("number", "raw, of a lifetime"),
        "exact": _YES,
        "expected_return": _or_null("number", "under the prior"),
        "passed_by": _part("interval", "how much more the runs with all ingredients return"),
    },
    "ceiling": {
        "information": _TEXT,
        "method": {"enum": list(get_args(Method))},
        "return": _NUMBER,
        "trainable_incentive": _YES,
    },
    "probe": {
        "curve": _list(_NUMBER),
        **{name: _part("interval") for name in ("early", "late", "gain", "after", "first_after", "cost")},
    },
    "route": {"route": _TEXT, "present": _or_null("boolean"), "measure": _TEXT, **_BOUNDS},
    "run": {
        "seed": _COUNT,
        "return": _NUMBER,
        **{name: _or_null("number") for name in ("early", "late", "gain", "beyond")},
        "carried": _by_name(_NUMBER, "the score lost when this carrier is swapped half-way"),
        "learned": _is("boolean", "whether it learns in context by its own evidence"),
        "training_late": _or_null("number"),
        **{name: _or_null("integer", _STEP) for name in ("emerges_at_step", "transient_from", "transient_until")},
        "verdict": _one_of(RunClass),
        "why": _or_null("string"),
        "intervals": _by_name(_part("interval")),
    },
    "cell": {
        "cell": _part("levels"),
        "seeds": _is("integer", "finished runs", minimum=0),
        "failed": _COUNT,
        "return": _part("interval", "raw, of a lifetime"),
        **{name: _part("interval", "score: 0 is the floor, 1 the yardstick") for name in ("early", "late", "gain")},
        "ceiling": _part_or_null("ceiling", "the highest return that the cell's information allows"),
        "learned": _is("integer", "runs that are in-context", minimum=0),
        "verdict": _one_of(Verdict, "null where the study is not applicable"),
        "share": _part("share", "exact bounds on the share of runs that learn"),
        "storage": _one_of(Storage),
        "reason": _or_null("string", "why the verdict is mixed, undecided or null"),
        "emerges_at_step": _or_null("number", _STEP),
        "classes": _by_name(_COUNT, "runs of each class"),
        "p": _or_null("number"),
        "p_holm": _or_null("number"),
        "in_context_excluded": _YES,
        "carried": _by_name(_part("interval")),
        **{number.key: _part_or_null("interval", number.title) for number in NUMBERS},
        "memorises": _YES,
        "transient": _COUNT,
        "probes": _by_name(_part("probe")),
        "statistics": _by_name(_part("interval")),
        "warnings": _list(_TEXT),
        "routes": _by_name(_list(_part("route"))),
        "shortfall": _or_null("string"),
        "advice": _list(_TEXT),
        "looks": _list(_COUNT),
        "runs": _list(_part("run")),
    },
    "ingredient": {
        "necessary": _or_null("boolean", "null where it is not known"),
        "effect": _part("effect", "late score lost without it"),
        "because": _one_of(Because),
        "proof": _list(_part("levels")),
        "sentence": _TEXT,
        "probability_of_improvement": _or_null("number"),
        "learned_with": _part_or_null("counted_share"),
        "learned_without": _part_or_null("counted_share"),
        "p_share": _or_null("number"),
    },
    "claim": {"status": _TEXT, "sentence": _TEXT, "cells": _list(_part("levels"))},
    "factorial": {"ingredients": _NAMES, **_BOUNDS, "p": _or_null("number"), "seeds": _COUNT},
    "dose": {"level": _TEXT, "late": _part("interval"), "verdict": _one_of(Verdict)},
    "doses": {
        "ingredient": {"enum": list(INGREDIENTS)},
        "doses": _list(_part("dose"), "the weakest first"),
        "appears_at": _or_null("string"),
        "sentence": _TEXT,
    },
    "calibration": {"passed": _YES, "reason": _or_null("string"), "doubt": _or_null("string")},
    "failure": {"run": _TEXT, "reason": _TEXT},
}
_REPORT: Schema = {
    "study": _is("string", "the study's name"),
    "tasks": _is("object", "the study's section"),
    "criterion": _is("object", "the study's section"),
    "complete": _YES,
    "runs": _part("runs"),
    "floor": _or_null("number", "raw mean return, the score 0"),
    "yardstick": _part_or_null("yardstick"),
    "references": _by_name(_part("reference")),
    "cells": _list(_part("cell")),
    "ingredients": _by_name(_part("ingredient")),
    "minimal_sufficient": _list(_NAMES),
    "claim": _part("claim", "claim 1"),
    "factorial": _list(_part("factorial")),
    "doses": _list(_part("doses")),
    "calibration": _part("calibration"),
    "sentence": _is("string", "the answer"),
    "notes": _list(_TEXT),
    "leak_claim": _part("claim", "claim 2"),
    "storage_claim": _part("claim", "claim 3"),
    "leakage": _or_null("object", "what the environment leaks of reward and action"),
    "facts": _list(_TEXT),
    "question": _TEXT,
    "failures": _list(_part("failure")),
    "missing": _list(_TEXT),
    "schema": {"const": IDENTITY},
}
