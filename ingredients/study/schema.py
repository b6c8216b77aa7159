"""A study's JSON Schema, for editors; reading checks bounds and rules over several keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, TypeAdapter

from ingredients.study.levels import INGREDIENTS
from ingredients.study.models import Study
from ingredients.study.tasks import FOREIGN, SECTIONS

VERSION = 1
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SWITCH = {"type": "boolean", "description": "off or on"}
_SHARE = {"type": "number", "minimum": 0, "maximum": 1, "description": "the probability of being shown, step by step"}
_LEVELS: dict[str, list[dict[str, Any]]] = {
    "reward_observation": [_SWITCH, _SHARE],
    "action_observation": [_SWITCH, _SHARE],
    "memory": [
        _SWITCH,
        {"type": "string", "description": "a kind of memory, or kind-off for its sibling without one"},
        {
            "type": "object",
            "properties": {"wipe_every": {"type": "integer", "minimum": 1, "description": "steps between two resets"}},
            "required": ["wipe_every"],
            "additionalProperties": False,
        },
    ],
    "task_distribution": [
        _SWITCH,
        {"type": "integer", "minimum": 1, "description": "so many training tasks"},
        {"type": "string", "description": "one task, with a random start or a random memory"},
    ],
}
_SEEDS = {
    "description": "how many seeds, from 0 on; or where they begin and how many they are",
    "anyOf": [
        {"type": "integer", "minimum": 1},
        {
            "type": "object",
            "properties": {"first": {"type": "integer", "minimum": 0}, "count": {"type": "integer", "minimum": 1}},
            "required": ["first", "count"],
            "additionalProperties": False,
        },
    ],
}


def study_schema() -> dict[str, Any]:
    """Returns the JSON Schema of a study."""
    made = Study.model_json_schema()
    classes = {each.__name__: each for each in _sections()}
    sections = {name: _told(_typed(section, classes.get(name))) for name, section in made.pop("$defs").items()}
    for ingredient in INGREDIENTS:
        sections["Ingredients"]["properties"][ingredient] = {
            "type": "array",
            "minItems": 1,
            "items": {"anyOf": _LEVELS[ingredient]},
            "default": [False, True],
        }
    made = _told(made)
    made["properties"]["seeds"] = {**_SEEDS, "default": made["properties"]["seeds"].get("default", 5)}
    return {"$schema": DIALECT, "$id": f"urn:ingredients:study:{VERSION}", **made, "$defs": sections}


def _sections() -> list[type[BaseModel]]:
    """Returns the class of every section."""
    own = [field.annotation for field in Study.model_fields.values()]
    sections = [each for each in own if isinstance(each, type) and issubclass(each, BaseModel)]
    return [*sections, *SECTIONS.values(), *FOREIGN.values()]


def _typed(section: Mapping[str, Any], of: type[BaseModel] | None) -> dict[str, Any]:
    """Returns a section with types for self-checked keys: `int` or `auto`."""
    fields: dict[str, Any] = {} if of is None else {name: each.annotation for name, each in of.model_fields.items()}
    properties = {
        name: {
            **(TypeAdapter(fields[name]).json_schema() if name in fields and _untyped(about) else {}),
            **about,
        }
        for name, about in section.get("properties", {}).items()
    }
    return {**section, "properties": properties}


def _untyped(about: Mapping[str, Any]) -> bool:
    return not {"type", "anyOf", "oneOf", "$ref", "enum", "const"} & set(about)


def _told(section: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a section with the descriptions of its class's docstring."""
    summary, _, attributes = str(section.get("description", "")).partition("Attributes:")
    meant = {
        name: " ".join(text.split())
        for name, text in re.findall(_ATTRIBUTE, attributes, flags=re.DOTALL | re.MULTILINE)
    }
    properties = {
        name: {**{key: part for key, part in about.items() if key != "title"}, **_description(meant.get(name))}
        for name, about in section.get("properties", {}).items()
    }
    kept = {key: part for key, part in section.items() if key != "title"}
    return {**kept, "description": " ".join(summary.split()), "properties": properties}


_ATTRIBUTE = r"^ {4}(\w+): (.*?)(?=^ {4}\w+: |\Z)"


def _description(text: str | None) -> dict[str, str]:
    return {} if text is None else {"description": text}
