"""The wheel: what it holds, and that what it installs works from any folder, whatever lies there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from tests.support.paths import ROOT

FOLDERS = ("featurelens", "jobs", "service", "worker", "launcher", "tests")
FILES = ("pyproject.toml", "README.md", "LICENSE")
LITTER = ("__pycache__", "*.egg-info", "node_modules")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the sources, since a build leaves its own folders beside them. Nothing is fetched."""
    sources, target = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("wheel")
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, sources / folder, symlinks=True, ignore=shutil.ignore_patterns(*LITTER))
    for file in FILES:
        shutil.copy(ROOT / file, sources)
    options = ("--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", str(target))
    subprocess.run((sys.executable, "-m", "pip", "wheel", *options, str(sources)), check=True)
    (built,) = target.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds what the wheel would put beside other packages."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder of files that are named like our rooms and cannot be imported."""
    for name in ("worker", "jobs", "service", "launcher", "engine"):
        (tmp_path / f"{name}.py").write_text(f"raise RuntimeError('the wrong {name} was imported')\n")
    return tmp_path


def python(*arguments: str, installed: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter in `folder` that finds Featurelens in `installed` only."""
    command = (sys.executable, *arguments)
    environment = os.environ | {"PYTHONPATH": str(installed)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def names(wheel: Path) -> set[PurePosixPath]:
    """All files of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {PurePosixPath(name) for name in archive.namelist()}


def test_the_wheel_holds_one_package(wheel: Path) -> None:
    """At its top are `featurelens` and what pip wants to know."""
    name, version = wheel.name.split("-")[:2]
    assert {file.parts[0] for file in names(wheel)} == {"featurelens", f"{name}-{version}.dist-info"}


def test_the_wheel_holds_what_the_sources_hold(wheel: Path) -> None:
    """All modules of all rooms, what they read beside themselves, and nothing else: no tests."""
    rooms = [ROOT / "featurelens", *(ROOT / "featurelens" / room for room in FOLDERS[1:-1])]
    sources = {
        PurePosixPath("featurelens") / file.relative_to(ROOT / "featurelens")
        for room in rooms
        for file in room.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    held = {file for file in names(wheel) if file.parts[0] == "featurelens"}
    assert held == sources
    page = ("service", "pages", "static", "shell.html")
    assert {PurePosixPath("featurelens", *rest) for rest in (("py.typed",), ("engine", "lane.py"), page)} < held


def test_the_package_needs_the_standard_library_alone(installed: Path, tmp_path: Path) -> None:
    """Without site-packages (-S) there is neither torch nor anything else to import."""
    code = "import featurelens, sys; assert 'torch' not in sys.modules; print(featurelens.__file__)"
    done = python("-S", "-c", code, installed=installed, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == installed / "featurelens" / "__init__.py"


def test_the_library_works_in_a_hostile_folder(installed: Path, hostile: Path) -> None:
    """A notebook has its own folder first on the path: whatever is there is not taken for ours."""
    done = python("-c", "from featurelens import render; print(render.__module__)", installed=installed, folder=hostile)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "featurelens.engine.render\n"


def test_a_process_works_in_a_hostile_folder(installed: Path, hostile: Path) -> None:
    """A slot gets as far as its argument, which is wrong."""
    done = python("-P", "-m", "featurelens.worker.slot", "nonsense", installed=installed, folder=hostile)
    assert done.returncode == 2, done.stderr
    assert "no queue nonsense" in done.stderr
