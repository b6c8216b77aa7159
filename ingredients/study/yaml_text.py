"""YAML as studies use it: a corrected SafeLoader of PyYAML.

`5e-3` is a number; `010` and `1:30` are not (octal and base 60 in YAML 1.1); dates are text. Duplicate keys, tags and
recursive anchors are errors.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml

_PLAIN = (
    ("bool", r"yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF", "yYnNtTfFoO"),
    ("int", r"[-+]?(?:0|[1-9][0-9_]*)", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?"
        r"|[0-9][0-9_]*[eE][-+]?[0-9]+|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
)


class StudyLoader(yaml.SafeLoader):
    """SafeLoader with the module's corrections."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 -- PyYAML's own class attribute, filled below

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:  # noqa: ANN401 -- PyYAML's
        """Returns the next node; refuses tags and recursive aliases."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML's
        if getattr(event, "tag", None) is not None:
            raise _problem(f"tags such as {event.tag} are not allowed", event)
        node = super().compose_node(parent, index)
        # a collection has no end yet while its own parts are composed
        if isinstance(event, yaml.AliasEvent) and node is not None and node.end_mark is None:
            raise _problem(f"*{event.anchor} contains itself", event)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Returns the mapping; refuses duplicate keys and non-text keys."""
        first: dict[str, yaml.Node] = {}
        for key_node, _ in node.value:
            key = key_node.value
            if key_node.tag != "tag:yaml.org,2002:str":
                shown = f", got {key}" if isinstance(key_node, yaml.ScalarNode) else ""
                raise _problem(f"a key must be text{shown}", key_node)
            if key in first:
                raise _problem(f"key {key!r} is given twice (first on line {first[key].start_mark.line + 1})", key_node)
            first[key] = key_node
        return super().construct_mapping(node, deep=deep)


class StudyDumper(yaml.SafeDumper):
    """Quotes what `StudyLoader` would misread; booleans are `on` and `off`."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 -- PyYAML's own class attribute, filled below

    def ignore_aliases(self, data: object) -> bool:
        """Returns True: values are written in full."""
        return True


for _kind in (StudyLoader, StudyDumper):
    for _name, _pattern, _first in _PLAIN:
        _kind.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(f"^(?:{_pattern})$"), list(_first))
StudyDumper.add_representer(
    bool, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:bool", "on" if value else "off")
)


def _problem(what: str, place: Any) -> yaml.MarkedYAMLError:  # noqa: ANN401 -- a node or an event
    return yaml.MarkedYAMLError(problem=what, problem_mark=place.start_mark)


def parse(text: str) -> object:
    """Returns a YAML text's data.

    Raises:
        yaml.YAMLError: it is not YAML as studies use it.
    """
    try:
        return yaml.load(text, Loader=StudyLoader)
    except RecursionError:
        raise yaml.YAMLError("nested too deep") from None
    except ValueError:  # what Python says where it refuses to convert more than 4300 digits
        raise yaml.YAMLError("a number has too many digits") from None


def dump(data: object) -> str:
    """Returns `data`, of printable texts, as YAML that `parse` reads back."""
    text: str = yaml.dump(
        data, Dumper=StudyDumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110
    )
    return text


def inline(data: object) -> str:
    """Returns a value as behind `key=`: `[1, 2]`, `{low: 1}`."""
    text: str = yaml.dump(data, Dumper=StudyDumper, default_flow_style=True, allow_unicode=True, width=10_000)
    return text.removesuffix("...\n").strip()
