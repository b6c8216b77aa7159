"""What the project calls by name: identifiers, keys, options, files; and the names that texts have in backticks."""

from __future__ import annotations

import ast
import functools
import importlib.util
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import yaml

from ingredients.study import Study

ROOT = Path(__file__).parent.parent
_NAME = re.compile(r"[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*(\(\))?")
_WORD = re.compile(r"[A-Za-z_][\w.-]*\w|[A-Za-z_]")
_FENCED = re.compile(r"^```.*?^```", flags=re.MULTILINE | re.DOTALL)
OUTSIDE = frozenset({"MiniGridEnv", "nohup", "fastmath", "VecNormalize"}) | {
    *("memory.candidate", "memory.input_gate", "memory.output_gate", "history.leaks")
}
"""Names of other projects, of the shell, and of parameters that the program puts together: nothing here calls these."""
_ENDS = (".py", ".md", ".yaml", ".json", ".html", ".csv", ".parquet", ".toml", ".txt", ".safetensors")


@functools.cache
def files() -> list[str]:
    """Returns every file of the project, those that are not committed yet, too."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    return [name for name in listed.stdout.decode().splitlines() if (ROOT / name).is_file()]


@functools.cache
def tree(name: str) -> ast.Module:
    """Returns a Python file, parsed."""
    return ast.parse((ROOT / name).read_text())


@functools.cache
def known_in(name: str) -> frozenset[str]:
    """Returns every name that a Python file uses, and the words of its strings; its docstrings are none of these."""
    found: set[str] = set()
    told = {id(node) for node in map(_docstring_node, ast.walk(tree(name))) if node is not None}
    for node in ast.walk(tree(name)):
        match node:
            case ast.Name(id=text) | ast.Attribute(attr=text) | ast.arg(arg=text) | ast.keyword(arg=str(text)):
                found.add(text)
            case ast.FunctionDef(name=text) | ast.ClassDef(name=text):
                found.add(text)
            case ast.alias(name=text):
                found.update(text.split("."))
            case ast.Constant(value=str(text)) if id(node) not in told:
                found.update(_WORD.findall(text))
    return frozenset(found)


def _docstring_node(node: ast.AST) -> ast.Constant | None:
    if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) or not node.body:
        return None
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return first.value
    return None


@functools.cache
def known() -> frozenset[str]:
    """Returns every name that there is: of Python, of studies, of the Makefile, of files and folders."""
    found: set[str] = set()
    for name in files():
        found.update(Path(name).parts, (Path(name).stem,))
        if name.endswith(".py") and name != "tests/test_names_in_text.py":  # which has names of nothing
            found |= known_in(name)
        elif name.startswith("ablations/"):
            found.update(_words_of(yaml.safe_load((ROOT / name).read_text())))
        elif name in ("Makefile", "pyproject.toml", ".gitignore"):
            found.update(_WORD.findall((ROOT / name).read_text()))
    return frozenset(found)


def _words_of(data: object) -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from (str(key), *_words_of(value))
    elif isinstance(data, list):
        for value in data:
            yield from _words_of(value)
    elif isinstance(data, str):
        yield data


def spans(name: str) -> Iterator[str]:
    """Yields what a file has in backticks: of Markdown all but its code, of Python the docstrings and comments."""
    text = (ROOT / name).read_text()
    if name.endswith(".md"):
        texts = [_FENCED.sub("", text)]
    else:
        nodes = map(_docstring_node, ast.walk(tree(name)))
        texts = [str(node.value) for node in nodes if node is not None] + re.findall(r"#.*", text)
    for each in texts:
        yield from (" ".join(span.split()) for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", each))


def unresolved(span: str) -> bool:
    """Returns whether a text in backticks is a name, and nothing of that name is there."""
    if span in OUTSIDE or "..." in span or re.search(r"_[i01]$", span):  # `state_i` stands for `state_0`, `state_1`
        return False
    if re.fullmatch(r"--[a-z][\w-]*", span):
        return span.removeprefix("--") not in _options()
    if re.fullmatch(r"\w[\w./*-]*", span) and ("/" in span or span.endswith(_ENDS)) and re.search("[a-z]", span):
        return not (_is_file(span) or (_NAME.fullmatch(span) and _is_name(span)))
    if not _NAME.fullmatch(span):
        return False
    return not _is_name(span.removesuffix("()"))


@functools.cache
def _options() -> frozenset[str]:
    texts = [(ROOT / name).read_text() for name in files() if name.endswith(".py") and "names_in_text" not in name]
    return frozenset(word for text in texts for word in re.findall(r"--([a-z][\w-]*)", text))


def _is_file(span: str) -> bool:
    path = span.strip("/")
    if any(("/" + name).endswith("/" + path) or f"/{path}/" in f"/{name}" for name in files()):
        return True
    if any(f"/{path}." in f"/{name}" for name in files()):  # a module, without its end
        return True
    return all(part in known() or Path(part).stem in known() or "*" in part for part in Path(path).parts)


def _is_name(span: str) -> bool:
    if span in known() or span in _settings():
        return True
    head, _, last = span.rpartition(".")
    if not head:
        start, _, end = span.rpartition("_")
        return (start in known() and f"_{end}" in known()) or _installed(span)  # put together by the program
    owner = head.split(".")[-1]
    modules = [name for name in files() if name.endswith((f"/{owner}.py", f"/{owner}/__init__.py"))]
    inside = [name for module in modules for name in _with_folder(module)]
    parts = span.split(".")
    if any(f"/{name}".endswith(f"/{'/'.join(parts)}.py") for name in files()) or _installed(parts[0]):
        return True
    return any(last in known_in(name) for name in inside) if inside else all(part in known() for part in parts)


@functools.cache
def _settings() -> frozenset[str]:
    """Returns every key of a study with its section: `learner.train_steps`."""
    sections = ((name, field.annotation) for name, field in Study.model_fields.items())
    return frozenset(f"{name}.{key}" for name, kind in sections for key in getattr(kind, "model_fields", ()))


def _with_folder(module: str) -> list[str]:
    """Returns a module; of a package all that it holds."""
    if not module.endswith("/__init__.py"):
        return [module]
    return [name for name in files() if name.startswith(module.removesuffix("__init__.py")) and name.endswith(".py")]


@functools.cache
def _installed(name: str) -> bool:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin is not None  # a folder of tests has the name of a wing, and no origin
