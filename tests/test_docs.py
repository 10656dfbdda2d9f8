"""The pages say what is there: the files, modules, names, links and commands that they mention exist."""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from featurelens.jobs.kinds import KINDS
from tests.support.paths import ROOT

PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "examples/tiny_darknet/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
ROOMS = (
    *("featurelens", "jobs", "service", "worker", "launcher", "tests", "benchmarks", "docs", "examples"),
    *("engine", "client", "cli"),
)
SOURCES = (
    "featurelens/engine",
    "featurelens/client",
    "featurelens/cli",
    "jobs",
    "service",
    "worker",
    "launcher",
    "tests",
    "benchmarks",
)
GLOSSARY = ROOT / "docs" / "glossary.md"
WORDS = (
    *("unit", "lane", "tick", "slot", "attempt", "execution"),
    *("asker", "passage", "dormant", "sweep", "block", "scan"),
)

PATH = re.compile(rf"(?<![\w./-])(?:{'|'.join(ROOMS)})/[\w./<>*-]*[\w/>]|(?<![\w./*-])\w+\.py\b")
OPERATORS = {"model.py", "worker.py", "jobs.py"}
"""Files that an operator writes, or that lie where somebody happens to work."""
MODULE = re.compile(r"\bfeaturelens(?:\.[a-z_]\w*)+|(?<=python -m )[a-z]\w*(?:\.\w+)*")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def exists(path: str) -> bool:
    """A path from the root of the checkout, or as it is imported; a bare name may be anywhere in a room."""
    if "/" not in path:
        return any(True for room in SOURCES for _ in (ROOT / room).rglob(path))
    return any((top / path).exists() for top in (ROOT, ROOT / "featurelens"))


def paths(text: str) -> Iterator[str]:
    """Every file and folder that `text` mentions; one with the placeholder <kind> once for each kind of job."""
    for found in PATH.findall(text):
        yield from (found.replace("<kind>", kind.name) for kind in KINDS) if "<kind>" in found else [found]


def importable(name: str) -> bool:
    """Whether `name` is a module, or a name in one."""
    parent, _, last = name.rpartition(".")
    with suppress(ModuleNotFoundError):  # what stands before the last dot may be no package
        if importlib.util.find_spec(name) is not None:
            return True
    return bool(parent) and importable(parent) and hasattr(importlib.import_module(parent), last)


def anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def test_what_is_mentioned_is_found() -> None:
    text = "see `jobs/spec/<kind>.py`, engine/lane.py (docs/decisions/) and `test_x.py`, not a/b.py, /docs or https://x.y/z.py"
    assert list(paths(text)) == [
        *(f"jobs/spec/{kind.name}.py" for kind in KINDS),
        *("engine/lane.py", "docs/decisions/", "test_x.py"),
    ]
    assert MODULE.findall("python -m benchmarks.load, featurelens.jobs.spec. featurelens_up") == [
        "benchmarks.load",
        "featurelens.jobs.spec",
    ]
    assert not exists("jobs/nothing.py")
    assert not exists("nothing.py")
    assert not importable("featurelens.nothing")
    assert importable("featurelens.launcher.claim.free_port")


@each_page
def test_every_path_exists(page: Path) -> None:
    missing = [path for path in paths(page.read_text()) if path not in OPERATORS and not exists(path)]
    assert missing == []


@each_page
def test_every_module_exists(page: Path) -> None:
    assert [name for name in MODULE.findall(page.read_text()) if not importable(name)] == []


@each_page
def test_every_import_works(page: Path) -> None:
    for module, names in re.findall(r"from (featurelens[\w.]*) import (\w+(?:, \w+)*)", page.read_text()):
        for name in names.split(", "):
            assert importable(f"{module}.{name}"), (module, name)


@each_page
def test_every_link_resolves(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


@each_page
def test_every_make_target_exists(page: Path) -> None:
    there = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", page.read_text(), re.MULTILINE)) <= there


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/notebook.md"])
def test_every_name_is_one_of_the_code(page: str) -> None:
    """Classes, functions, constants and fields."""
    files = [path for room in SOURCES for path in (ROOT / room).rglob("*.py") if path != Path(__file__)]
    known = set(re.findall(r"\w+", " ".join(path.read_text() for path in files)))
    for quoted in re.findall(r"`([A-Za-z_][\w.]*)(?:\([^`]*\))?`", (ROOT / page).read_text()):
        if quoted.endswith((".py", ".md", ".toml")):
            continue
        assert set(quoted.rstrip(".").split(".")) <= known, quoted


def test_all_kinds_of_jobs_are_named() -> None:
    kinds = sorted(kind.name for kind in KINDS)
    (told,) = re.findall(r"^A job is of one of several kinds: (.+?)\. ", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert sorted(set(re.findall(r"\w+", told)) - {"a", "an", "or"}) == kinds
    (told,) = re.findall(r"^\| \*\*kind\*\* \| (.+?) \|", GLOSSARY.read_text(), re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", told)) == kinds


def test_the_glossary_has_every_word_and_says_where() -> None:
    rows = re.findall(r"^\| \*\*(.+?)\*\* \| .+ \| (.*?) ?\|$", GLOSSARY.read_text(), re.MULTILINE)
    words = [word for word, _ in rows]
    assert [word for word in WORDS if word not in words] == []
    assert len(words) == len(set(words))
    for word, where in rows:
        assert all(exists(path) for path in re.findall(r"`([^`]+)`", where)), word
