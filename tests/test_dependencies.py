"""What is installed: every room's imports are in its extra, and the locks fit together."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
LOCKS = ("requirements.lock", "requirements-service.lock", "requirements-dev.lock")
OPTIONAL = {"engine": {"triton"}, "worker": {"timm", "huggingface-hub", "tqdm"}}
"""What a room imports where it is installed, and does without elsewhere."""


def declared(extra: str) -> set[str]:
    """Distributions of an extra, those of the extras that it names included."""
    found: set[str] = set()
    for requirement in EXTRAS[extra]:
        own = re.fullmatch(r"featurelens\[(.+)\]", requirement)
        inner = [declared(name) for name in own[1].split(",")] if own else [re.findall(r"^[\w.-]+", requirement)]
        found.update(*inner)
    return found


def imported(room: Path, *, at_once: bool = False) -> list[set[str]]:
    """For each module that a room imports, itself and not by way of others: the distributions that have part in it.

    `at_once`: not in a function.
    """
    modules = set()
    for file in room.rglob("*.py"):
        tree = ast.parse(file.read_text())
        for node in tree.body if at_once else ast.walk(tree):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                modules.add(node.module.split(".")[0])
    distributions = packages_distributions()
    return [
        {name.lower().replace("_", "-") for name in distributions.get(module, [module])}
        for module in modules - sys.stdlib_module_names - {"featurelens"}
    ]


def pins(lock: str) -> dict[str, str]:
    """Name and version of everything in a lock."""
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / lock).read_text(), re.MULTILINE))


@pytest.mark.parametrize("room", ["engine", "jobs", "launcher", "service", "worker"])
def test_an_extra_has_what_its_room_imports(room: str) -> None:
    """Whoever installs the extra can import the room."""
    allowed = declared(room) | OPTIONAL.get(room, set())
    assert [names for names in imported(ROOT / "featurelens" / room) if not names & allowed] == []


def test_client_and_command_line_need_no_extra() -> None:
    """What else a command imports, it imports in a function, and says which extra has it."""
    core = {re.findall(r"^[\w.-]+", requirement)[0] for requirement in PROJECT["dependencies"]}
    rooms = ROOT / "featurelens"
    at_once = imported(rooms / "client") + imported(rooms / "cli", at_once=True)
    assert [names for names in at_once if not names & core] == []
    assert core <= set().union(*imported(rooms / "client"), *imported(rooms / "cli"))
    assert not core & {"torch", "torchvision", "redis", "rq", "fastapi"}


def test_the_extra_all_has_every_room() -> None:
    """The launcher of everything runs with it."""
    assert declared("all") == set().union(
        *(declared(room) for room in ("engine", "jobs", "launcher", "service", "worker"))
    )


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_files_and_no_addresses(lock: str) -> None:
    """Every package has its digests; where it comes from is for the one who installs it."""
    text = (ROOT / lock).read_text()
    packages = re.split(r"\n(?=\w)", text)[1:]
    assert len(packages) == len(pins(lock))
    assert all("--hash=sha256:" in package for package in packages)
    assert "://" not in text


def test_the_locks_agree() -> None:
    """Whatever is in two of them is there in the same version, and all that the service needs is in the first."""
    everything, service, development = (pins(lock) for lock in LOCKS)
    assert service.items() <= everything.items()
    assert {name: everything[name] for name in development.keys() & everything.keys()}.items() <= development.items()


def test_the_service_has_no_torch() -> None:
    """Its image stays small: neither torch nor what only torch needs."""
    heavy = [name for name in pins("requirements-service.lock") if re.match(r"torch|triton|cuda|nvidia|sympy", name)]
    assert not heavy
    assert declared("all") - declared("service") - declared("launcher") <= pins("requirements.lock").keys()
