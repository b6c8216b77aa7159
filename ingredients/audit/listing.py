"""The audited environments: ids, studies, or files that list environments (docs/audit.md)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from ingredients.audit.policy import Policy
from ingredients.errors import UsageError
from ingredients.families import spec_named
from ingredients.gyms.recipe import Recipe
from ingredients.study import load_study, yaml_text
from ingredients.study.messages import complaint, one_line, shown, yaml_complaint
from ingredients.study.tasks import GymnasiumTasks, OwnTasks

KEYS = ("id", "keywords", "wrappers")
WANTED = "ids, or mappings with the keys id, keywords, wrappers"


@dataclass(frozen=True)
class Subject:
    """An environment: id or `module:Class`, keywords, wrappers (outermost last), player (None: chance)."""

    id: str
    keywords: dict[str, Any] = field(default_factory=dict)
    wrappers: tuple[str, ...] = ()
    policy: Policy | None = None

    @property
    def name(self) -> str:
        """Name of its line: `FrozenLake-v1 (is_slippery=False)`."""
        told = [*(f"{key}={value}" for key, value in self.keywords.items()), *self.wrappers]
        told += [f"played by {self.policy.name}"] if self.policy else []
        return f"{self.id} ({', '.join(told)})" if told else self.id

    @property
    def recipe(self) -> Recipe:
        """How it is made."""
        return Recipe(self.id, self.keywords, self.wrappers)

    def text(self) -> str:
        """Returns it as JSON, for a worker."""
        told = {"id": self.id, "keywords": self.keywords, "wrappers": list(self.wrappers)}
        return json.dumps(told | ({"policy": asdict(self.policy)} if self.policy else {}))


def subject_of(text: str) -> Subject:
    """Returns the subject of a `Subject.text`."""
    told = json.loads(text)
    policy = Policy(**told["policy"]) if "policy" in told else None
    return Subject(told["id"], told["keywords"], tuple(told["wrappers"]), policy)


def subjects(words: Sequence[str], policy: Policy | None = None) -> list[Subject]:
    """Returns the environments that words name, each once, with their player.

    Raises:
        UsageError: a file cannot be read, or lists none.
    """
    found: dict[str, Subject] = {}
    for word in words:
        listed = _in_file(Path(word)) if Path(word).suffix in (".yaml", ".yml") else [Subject(word)]
        found |= {subject.name: replace(subject, policy=policy) for subject in listed}
    return list(found.values())


def _in_file(path: Path) -> list[Subject]:
    source = one_line(str(path))
    try:
        data = yaml_text.parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{source}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{source}: is no text in UTF-8") from None
    except yaml.YAMLError as error:
        raise UsageError(yaml_complaint(source, error)) from None
    if isinstance(data, dict) and "environments" not in data:
        return [_of_study(path)]
    listed = data.get("environments") if isinstance(data, dict) else None
    if not isinstance(listed, list) or not listed:
        raise UsageError(complaint([source, "environments"], f"must be a list, got {shown(listed)}", WANTED))
    return [_listed(entry, source) for entry in listed]


def _listed(entry: object, source: str) -> Subject:
    if isinstance(entry, str):
        return Subject(entry)
    sound = isinstance(entry, dict) and isinstance(entry.get("id"), str) and set(entry) <= set(KEYS)
    if not sound or not isinstance(entry, dict):
        raise UsageError(complaint([source, "environments"], f"holds {shown(entry)}", WANTED))
    keywords, wrappers = entry.get("keywords", {}), entry.get("wrappers", [])
    if not isinstance(keywords, dict) or not isinstance(wrappers, list):
        raise UsageError(complaint([source, "environments", entry["id"]], f"holds {shown(entry)}", WANTED))
    return Subject(entry["id"], keywords, tuple(str(wrapper) for wrapper in wrappers))


def _of_study(path: Path) -> Subject:
    """Returns a study's environment.

    Raises:
        UsageError: its tasks are no environment.
    """
    tasks = load_study(path).tasks
    if isinstance(tasks, GymnasiumTasks):
        return Subject(tasks.gymnasium, dict(tasks.keywords), tuple(tasks.wrappers))
    if isinstance(tasks, OwnTasks):
        raise UsageError(
            f"{path}: tasks.own: an audit steps through Gymnasium environments; ingredients plan has leaks"
        )
    settings = tasks.model_dump()
    spec = spec_named(settings.pop("family"))
    return Subject(spec.gymnasium_id, {key: value for key, value in settings.items() if value is not None})
