"""The house: which wing may know which, how large a room may be, and what must not lie around."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import ingredients
from ingredients.families import FAMILIES
from ingredients.probes import PROBES
from ingredients.study import load_study

ROOT = Path(__file__).parent.parent
HOUSE = ROOT / "ingredients"
WINGS = (
    *(
        "at_once",
        "errors",
        "seeds",
        "machine",
        "families",
        "probes",
        "boundary",
        "study",
        "grid",
        "cell_filter",
        "decoding",
        "gyms",
        "tasks",
        "wrappers",
        "references",
        "agent",
    ),
    *("training", "inner"),
    *("store", "experiment", "engine", "grid_run", "judgement_input", "judgement", "console", "report", "api", "audit"),
    "commands",
)
FILES = sorted(HOUSE.rglob("*.py"))
MOST_LINES_IN_A_FILE, MOST_LINES_IN_A_FUNCTION = 350, 60
WITHOUT_TORCH = (
    *("boundary", "study", "grid", "cell_filter", "decoding", "gyms", "wrappers", "store", "engine", "grid_run"),
    *("judgement_input", "judgement", "report", "audit"),
)


def wing_of(file: Path) -> str:
    """Returns the wing that a file of the package stands in."""
    return file.relative_to(HOUSE).parts[0].removesuffix(".py")


@cache
def tree_of(file: Path) -> ast.Module:
    """Returns a file as Python reads it."""
    return ast.parse(file.read_text(encoding="utf-8"))


def imports(file: Path) -> Iterator[str]:
    """Yields the full name of every module that a file imports, at its top or inside a function."""
    package = file.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            # `from ingredients import grid` imports a wing too
            yield from (f"{module}.{alias.name}" if module == "ingredients" else module for alias in node.names)


def wings_known_by(file: Path) -> set[str]:
    """Returns the wings that a file imports from."""
    return {name.split(".")[1] for name in imports(file) if name.startswith("ingredients.")}


def of_wing(*wings: str) -> list[Path]:
    """Returns the files of some wings."""
    return [file for file in FILES if wing_of(file) in wings]


def name(file: Path) -> str:
    """Returns a file's name for the list of tests."""
    return str(file.relative_to(ROOT))


def test_every_file_stands_in_a_wing() -> None:
    """A new module finds its place in the order, or none."""
    assert {wing_of(file) for file in FILES} - {"__init__"} <= set(WINGS)


def test_the_package_lists_its_rooms_in_reading_order() -> None:
    """The docstring of the package is the table of contents: the very wings, in the very order."""
    listed = re.findall(r"^ {4}(\w+) {2,}\S", ingredients.__doc__ or "", flags=re.MULTILINE)
    assert tuple(listed) == WINGS


@pytest.mark.parametrize("contents", [file for file in FILES if file.stem == "__init__"][1:], ids=name)
def test_a_wing_lists_its_rooms(contents: Path) -> None:
    """The docstring of every wing names each of its modules; families and probes are listed once, where declared."""
    declared = {spec.name.replace("-", "_") for spec in FAMILIES} | {probe.name for probe in PROBES}
    listed = set(re.findall(r"\w+", ast.get_docstring(tree_of(contents)) or ""))
    assert {file.stem for file in contents.parent.glob("*.py")} - {"__init__"} - declared <= listed


@pytest.mark.parametrize("file", FILES, ids=name)
def test_a_module_imports_only_from_wings_before_its_own(file: Path) -> None:
    """Data flows one way."""
    if file.parent == HOUSE and file.stem == "__init__":
        assert wings_known_by(file) <= {"at_once", "families", "api", "study"}  # the last two for who checks types
        return
    place = WINGS.index(wing_of(file))
    assert wings_known_by(file) <= set(WINGS[: place + 1])


@pytest.mark.parametrize("file", of_wing(*WINGS[: WINGS.index("store")]), ids=name)
def test_nothing_before_the_store_knows_tables_or_terminals(file: Path) -> None:
    """Pandas, rich and typer belong to storing, reporting and the command line."""
    assert not {module.split(".")[0] for module in imports(file)} & {"pandas", "pyarrow", "rich", "typer", "matplotlib"}


def test_an_engine_knows_nothing_of_studies() -> None:
    """Jobs in, events out: it imports errors, the boundary to others' code and itself; it can run anybody's jobs."""
    assert {wing for file in of_wing("engine") for wing in wings_known_by(file)} <= {
        "errors",
        "machine",
        "boundary",
        "engine",
    }


def test_a_report_needs_no_engine() -> None:
    """What is stored is judged and shown without anything that runs."""
    known = {wing for file in of_wing("judgement_input", "judgement", "report") for wing in wings_known_by(file)}
    assert not known & {"training", "experiment", "engine", "grid_run"}


def test_only_the_experiment_knows_training_and_storage() -> None:
    """One module brings the two together."""
    both = [file for file in FILES if {"training", "store"} <= wings_known_by(file) | {wing_of(file)}]
    assert {wing_of(file) for file in both} <= {"experiment"}


def test_a_public_class_name_means_one_thing() -> None:
    """No two public classes of the package share a name, wherever they stand."""
    named = Counter(
        node.name
        for file in FILES
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert {name for name, count in named.items() if count > 1} == set()


def test_no_environment_is_ever_done() -> None:
    """Never a bare `done` where steps are made: an episode is terminated or truncated, and a lifetime ends."""
    for file in of_wing("tasks", "references", "agent", "training"):
        tree = tree_of(file)
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        assert not {"done", "dones"} & (names | arguments), file


def test_a_wing_that_needs_no_torch_loads_none() -> None:
    """A report can be rebuilt where torch is not even installed: no way round leads these wings to it."""
    modules = {
        wing: [
            ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in of_wing(wing)
        ]
        for wing in WITHOUT_TORCH
    }
    assert all(modules.values())
    program = (
        "import importlib, sys\n"
        f"for wing, modules in {modules!r}.items():\n"
        "    for module in modules: importlib.import_module(module)\n"
        "    assert 'torch' not in sys.modules, wing\n"
    )
    said = subprocess.run([sys.executable, "-c", program], check=False, cwd=ROOT, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr


def test_help_loads_no_torch() -> None:
    """`ingredients --help` answers at once."""
    program = (
        "import sys; sys.argv = ['ingredients', '--help']\n"
        "import cli\n"
        "try:\n    cli.app()\n"
        "except SystemExit as end:\n    assert not end.code\n"
        "assert 'torch' not in sys.modules\n"
    )
    said = subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, capture_output=True, text=True)
    assert "run-grid" in said.stdout


@pytest.mark.parametrize("file", [*FILES, ROOT / "cli.py"], ids=name)
def test_rooms_are_small(file: Path) -> None:
    """No file above 350 lines, no function above 60."""
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES_IN_A_FILE
    functions = [node for node in ast.walk(tree_of(file)) if isinstance(node, ast.FunctionDef)]
    lengths = {node.name: (node.end_lineno or node.lineno) - node.lineno + 1 for node in functions}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES_IN_A_FUNCTION} == {}


def test_no_room_is_a_lumber_room() -> None:
    """No module or class is named for having no place: utils, common, helpers, Manager."""
    assert not {file.stem for file in FILES} & {"utils", "util", "common", "helpers", "misc"}
    classes = [node.name for file in FILES for node in ast.walk(tree_of(file)) if isinstance(node, ast.ClassDef)]
    assert not [found for found in classes if found.endswith("Manager")]


@pytest.mark.parametrize("path", sorted((ROOT / "ablations").glob("*.yaml")), ids=name)
def test_every_shipped_study_loads(path: Path) -> None:
    """Each study is valid, is named as its file, and reads back from its resolved form."""
    assert load_study(path).name == path.stem


def test_no_machine_path_is_part_of_the_project() -> None:
    """What one machine calls its folders is in no file that others receive."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    own = re.compile(rb"/(?:work|root|home|Users)/\w|/opt/(?:pypi|wheels)")
    found = [file for file in listed if (ROOT / file).is_file() and own.search((ROOT / file).read_bytes())]
    assert found == []


def test_tests_stand_as_the_package_does_and_share_by_modules_of_their_own() -> None:
    """A folder of tests is named as the wing that they test; what two of them need is in no test module."""
    files = [file for file in (ROOT / "tests").rglob("test_*.py") if "benchmarks" not in file.parts]
    assert {file.parent.name for file in files} <= {"tests", *WINGS}
    names = [file.stem for file in files]
    assert len(names) == len(set(names))  # each is a module of its own, wherever it stands
    assert [(name(file), module) for file in files for module in imports(file) if module.split(".")[0] in names] == []


def kind_of(value: ast.expr) -> str:
    """Returns what sort of thing a value is: things of one sort may be assigned side by side."""
    match value:
        case ast.UnaryOp(op=ast.Not()) | ast.Compare() | ast.BoolOp():
            return "truth"
        case ast.UnaryOp(operand=operand):
            return kind_of(operand)
        case ast.Constant(value=str()) | ast.JoinedStr():
            return "text"
        case ast.Constant() | ast.Name() | ast.Attribute() | ast.Subscript():
            return "plain"
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return f"call of {name}"
        case ast.List() | ast.Tuple() | ast.Dict() | ast.ListComp() | ast.DictComp() | ast.SetComp():
            return "collection"
    return type(value).__name__


def dense(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yields the line of every idiom that says two things at once, and which it is."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.BoolOp() | ast.IfExp()):
                yield node.lineno, "an expression for its effect"
            case ast.BinOp(op=ast.Mult(), left=left, right=right):
                if sorted((kind_of(left), kind_of(right))) in (["collection", "truth"], ["text", "truth"]):
                    yield node.lineno, "a collection times a truth"
            case ast.Starred(value=ast.Tuple() | ast.List()):
                yield node.lineno, "a starred tuple"
            case ast.Assign(targets=[ast.Tuple()], value=ast.Tuple(elts=values)):
                if len({kind_of(value) for value in values}) > 1:
                    yield node.lineno, "unlike things in one assignment"
            case ast.Assign(value=ast.BoolOp(op=ast.And(), values=[first, *_, last])):
                if isinstance(first, ast.Name | ast.Attribute) and f"({ast.unparse(first)}" in ast.unparse(last):
                    yield node.lineno, "x and f(x)"


def test_nothing_points_out_of_the_checkout() -> None:
    """A link is a path of one machine: what is part of the project is a file."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    listed = subprocess.run(["git", "ls-files", "--stage"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [line for line in listed.stdout.splitlines() if line.startswith("120000")] == []


def test_what_is_written_is_spelt_out() -> None:
    """No idiom that is short by saying two things at once; kernels, which are tables of such lines, may."""
    found = [
        f"{name(file)}:{line}: {what}"
        for file in [*FILES, ROOT / "cli.py"]
        if not file.stem.endswith("_triton")
        for line, what in dense(tree_of(file))
    ]
    assert found == []


def test_docstrings_leave_to_signatures_what_these_say() -> None:
    """No module lists what comes in and goes out, and a property is described by a noun."""
    listing = [name(file) for file in FILES if re.search("Comes in:|Goes out:", ast.get_docstring(tree_of(file)) or "")]
    properties = [
        f"{name(file)}: {node.name}"
        for file in FILES
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.FunctionDef)
        and {"property", "cached_property"} & {ast.unparse(each) for each in node.decorator_list}
        and (ast.get_docstring(node) or "").startswith("Returns")
    ]
    assert (listing, properties) == ([], [])
