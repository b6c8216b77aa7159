"""What others receive: the wheel, the pins, the entry points of `make`."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINS = [
    line for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if not line.startswith("#")
]
PINNED = {canonicalize_name(line.split("==")[0]): line.split("==")[1] for line in PINS}
IMPORTED_AS = {"pyyaml": "yaml", "scikit-learn": "sklearn"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the wheel, built from a copy of what is published."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for part in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / part, source)
    for part in ("ingredients", "ablations", "tests"):
        shutil.copytree(ROOT / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    return built


def test_the_wheel_holds_package_command_and_studies(wheel: Path) -> None:
    """The wheel brings every module, the shipped studies and the command, and no tests."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        commands = archive.read(next(name for name in names if name.endswith("entry_points.txt"))).decode()
    expected = {str(file.relative_to(ROOT)) for file in (ROOT / "ingredients").rglob("*.py")}
    studies, templates = ROOT / "ablations", ROOT / "ingredients/report/templates"
    expected |= {f"ingredients/ablations/{file.name}" for file in studies.iterdir() if file.is_file()}
    expected |= {str(file.relative_to(ROOT)) for file in templates.iterdir() if file.is_file()}
    assert expected | {"ingredients/py.typed"} <= names
    assert {name.split("/")[0] for name in names} == {"ingredients", "rl2_ingredients-0.1.0.dist-info"}
    assert "ingredients = ingredients.commands.app:app" in commands
    assert wheel.name.startswith("rl2_ingredients-0.1.0-")


def test_every_package_is_named() -> None:
    """A new folder of modules is named in pyproject.toml, or the wheel lacks it."""
    folders = [file.parent.relative_to(ROOT) for file in (ROOT / "ingredients").rglob("__init__.py")]
    named = {".".join(folder.parts) for folder in folders} | {"ingredients.ablations"}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == named


def test_the_wheel_works_far_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """Unpacked elsewhere, the command comes from the wheel and finds the shipped study."""
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    program = (
        "from ingredients.commands import app\nfrom ingredients.study import load_study, shipped_study\n"
        "print(app.__file__, shipped_study(), load_study(shipped_study()).name)"
    )
    # -P and an own path: neither the folder we stand in nor the checkout may help
    said = subprocess.run(
        [sys.executable, "-P", "-c", program],
        check=True,
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
    )
    package = site / "ingredients"
    command, study = package / "commands" / "app.py", package / "ablations" / "bandit.yaml"
    assert said.stdout.split() == [str(command), str(study), "bandit"]


def test_pins_are_names_and_versions_only() -> None:
    """No address, no hash, no local build such as `+cpu`: pip finds each on any index."""
    assert [line for line in PINS if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9A-Za-z.]*", line)] == []
    assert len(PINNED) == len(PINS)
    assert PINNED[canonicalize_name("torch")] == "2.13.0"


def needed(requirements: list[str]) -> set[str]:
    """Returns the names of all distributions that these requirements bring along here, themselves included."""
    found: set[str] = set()
    open_ends = [Requirement(text) for text in requirements]
    while open_ends:
        requirement = open_ends.pop()
        distribution = canonicalize_name(requirement.name)
        extras = requirement.extras or {""}
        if distribution in found and extras == {""}:
            continue
        found.add(distribution)
        below = [Requirement(text) for text in importlib.metadata.requires(requirement.name) or []]
        open_ends += [
            one for one in below if not one.marker or any(one.marker.evaluate({"extra": extra}) for extra in extras)
        ]
    return found


def test_every_package_that_comes_along_is_pinned() -> None:
    """What is installed for use and for tests, directly or not, has its version in constraints.txt."""
    direct = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["dev"]]
    # a CUDA build of torch pins its own libraries
    brought = {name for name in needed(direct) if not name.startswith(("nvidia", "triton", "cuda"))}
    assert brought <= set(PINNED)


def test_pins_can_be_installed_together() -> None:
    """What a pinned version asks of another pinned package holds; of versions that are installed here this is known."""
    wrong = []
    for distribution in importlib.metadata.distributions():
        name = canonicalize_name(distribution.metadata["Name"])
        if PINNED.get(name) != distribution.version:
            continue
        for asked in map(Requirement, distribution.requires or []):
            pin = PINNED.get(canonicalize_name(asked.name))
            applies = asked.marker is None or asked.marker.evaluate({"extra": ""})
            if pin and applies and not asked.specifier.contains(pin, prereleases=True):
                wrong.append(f"{name} asks for {asked}, pinned is {pin}")
    assert wrong == []


def test_every_pin_lies_in_its_declared_range() -> None:
    """The versions under which the tests pass are versions that the project says it works with."""
    for text in (*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["cluster"]):
        requirement = Requirement(text)
        assert requirement.specifier.contains(PINNED[canonicalize_name(requirement.name)]), text


def test_the_build_backend_is_pinned_too() -> None:
    """Constraints do not reach pip's isolated build, so pyproject.toml names one version, the same."""
    assert PROJECT["build-system"]["requires"] == [f"setuptools=={PINNED[canonicalize_name('setuptools')]}"]


def test_declared_dependencies_are_those_imported() -> None:
    """Nothing is imported that is not declared, and nothing declared that is not imported."""
    files = [*(ROOT / "ingredients").rglob("*.py"), ROOT / "cli.py"]
    imported = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.split(".")[0])
    foreign = imported - set(sys.stdlib_module_names) - {"ingredients", "pydantic_core"}
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = (*PROJECT["project"]["dependencies"], *extras["cluster"], *extras["cuda"])
    names = [Requirement(text).name for text in wanted]
    assert foreign == {IMPORTED_AS.get(name, name) for name in names}


@pytest.mark.parametrize("target", ["install", "grid", "smoke", "bench", "test", "test-fast", "coverage", "check"])
def test_make_knows_its_targets(target: str) -> None:
    """Every entry point that the README names is a target of the Makefile and listed by `make help`."""
    subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)
    listed = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert f"make {target} " in listed


def test_make_installs_nothing_twice(tmp_path: Path) -> None:
    """With fresh stamps nothing is installed again; a changed pin makes the stamp old."""
    stamps = [tmp_path / "venv" / "installed", tmp_path / "venv" / "installed-dev"]
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    for path in (tmp_path / "venv" / "bin" / "python", *stamps):
        path.touch()
    command = ["make", "--dry-run", f"VENV={tmp_path / 'venv'}", "grid", "test"]
    fresh = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "pip install" not in fresh
    assert "run-grid ablations/bandit.yaml" in fresh
    command += ["--what-if=constraints.txt"]
    assert "pip install" in subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_ci_runs_checks_and_tests() -> None:
    """`.ci/run` can be executed and stops at the first failure."""
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").splitlines()[2:] == [
        "set -euo pipefail",
        'cd "$(dirname "$0")/.."',
        "make check",
        "make test",
    ]
