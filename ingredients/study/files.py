"""Studies in files: finding, reading, overriding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ingredients.errors import StudyError
from ingredients.study import yaml_text
from ingredients.study.messages import complaint, nearest, one_line, shown, yaml_complaint
from ingredients.study.mistakes import Override, study_error
from ingredients.study.models import Study

LARGEST_FILE = 1_000_000
DEFAULT_STUDY = "ablations/bandit.yaml"


def load_study(path: Path, overrides: Sequence[str] = ()) -> Study:
    """Returns the study in a file, changed by `overrides` (`key.path=value`, value in YAML).

    Raises:
        StudyError: file, study or override is wrong.
    """
    return _validate(_data(path), one_line(str(path)), [_override(text) for text in overrides])


def _data(path: Path) -> dict[str, Any]:
    """Returns the keys of a study's file."""
    source = one_line(str(path))
    try:
        data = yaml_text.parse(_read(path, source))
    except yaml.YAMLError as error:
        raise StudyError(yaml_complaint(source, error)) from None
    if data is None:
        raise StudyError(complaint([source], "is empty", f"a study with the keys {', '.join(Study.model_fields)}"))
    if not isinstance(data, dict):
        keys = ", ".join(Study.model_fields)
        raise StudyError(complaint([source], f"must hold keys, got {shown(data)}", keys))
    return data


def parse_study(data: Mapping[str, Any], source: str) -> Study:
    """Returns the study of plain data; errors name `source`.

    Raises:
        StudyError: they are no valid study.
    """
    return _validate(dict(data), source, [])


def changed_study(data: Mapping[str, Any], source: str, overrides: Sequence[str]) -> Study:
    """Returns the study of plain data, changed as by `load_study`.

    Raises:
        StudyError: data or override are invalid.
    """
    return _validate(dict(data), source, [_override(text) for text in overrides])


def study_of(source: str | Path | Mapping[str, Any], changes: Mapping[str, Any] | None = None) -> Study:
    """Returns a study (`Study.load`).

    Raises:
        StudyError: as `Study.load`.
    """
    overrides = [_given(key, value) for key, value in (changes or {}).items()]
    if isinstance(source, Mapping):
        return _validate(dict(source), "study", overrides)
    path = shipped_study(source)
    return _validate(_data(path), one_line(str(path)), overrides)


def shipped_study(path: str | Path = DEFAULT_STUDY) -> Path:
    """Returns `path` if it exists, else the shipped study so named (`bandit`, `ablations/bandit.yaml`)."""
    asked = Path(path)
    if _is_there(asked) or asked.parent.name not in ("", "ablations"):
        return asked
    shipped = shipped_folder() / (asked.name if asked.suffix else f"{asked.name}.yaml")
    return shipped if shipped.is_file() else asked


def shipped_files() -> list[Path]:
    """Returns the files of the shipped studies, by name."""
    return sorted(shipped_folder().glob("*.yaml"))


def _is_there(path: Path) -> bool:
    """Returns whether a file exists; folders hide no shipped study."""
    try:
        return path.is_file() or (path.exists() and path.suffix != "")
    except OSError:  # a name too long, a folder that may not be looked into: reading it will say so
        return True


def published_report(name: str) -> Path:
    """Returns a shipped study's published `report.json` in a checkout."""
    return shipped_folder().parent / "results" / "published" / name / "report.json"


def shipped_folder() -> Path:
    """Returns the folder of shipped studies, in the package or beside it."""
    package = Path(str(resources.files("ingredients")))
    installed = package / "ablations"
    return installed if installed.is_dir() else package.parent / "ablations"


def _read(path: Path, source: str) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        shipped = {file.stem: f"ablations/{file.name}" for file in shipped_files()}
        guess = shipped.get(nearest(path.stem, shipped) or path.stem)
        allowed = f"a study, such as {', '.join(shipped.values())}"
        raise StudyError(complaint([source], "no such file", allowed, guess)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StudyError(complaint([source], f"cannot be read: {reason}", "a file in YAML")) from None
    if len(content) > LARGEST_FILE:
        raise StudyError(complaint([source], "is too long for a study", f"at most {LARGEST_FILE} bytes"))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise StudyError(complaint([source], "is not text", "YAML in UTF-8")) from None


def _override(text: str) -> Override:
    key, equals, value = text.partition("=")
    path = tuple(part.strip() for part in key.split("."))
    if not equals or not all(path):
        raise StudyError(complaint([f"--set {text}"], "cannot be read", "key.path=value, such as tasks.arms=10"))
    try:
        return Override(text, path, yaml_text.parse(value))
    except yaml.YAMLError as error:
        raise StudyError(yaml_complaint(f"--set {text}", error)) from None


def _given(key: str, value: object) -> Override:
    path = tuple(part.strip() for part in key.split("."))
    if not all(path):
        raise StudyError(complaint([f"changes: {key}"], "cannot be read", "a dotted key, such as tasks.arms"))
    return Override(f"{key}={value}", path, value)


def _apply(data: dict[str, Any], override: Override) -> dict[str, Any]:
    """Returns a copy of `data` with the override, making missing sections."""
    return _placed(data, override, override.path)


def _placed(section: object, override: Override, path: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(section, dict):
        above = ".".join(override.path[: len(override.path) - len(path)])
        raise StudyError(complaint([f"--set {override.text}", above], f"holds no keys, but {shown(section)}"))
    head, rest = path[0], path[1:]
    return {**section, head: _placed(section.get(head, {}), override, rest) if rest else override.value}


def _validate(data: dict[str, Any], source: str, overrides: Sequence[Override]) -> Study:
    for override in overrides:
        data = _apply(data, override)
    try:
        return Study.model_validate(data)
    except ValidationError as error:
        raise study_error(error, source, overrides) from None
