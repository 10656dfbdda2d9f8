"""What the tree promises: rooms meet only where they may, and no file grows beyond one concept."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.paths import ROOT

ROOMS = ("jobs", "service", "worker", "launcher", "featurelens/engine", "featurelens/client", "featurelens/cli")
MOST_LINES = 260
ENDPOINTS = "featurelens.service.endpoints"


def files(*folders: str) -> list[Path]:
    """The Python files below these folders of the checkout."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def imports(code: str) -> Iterator[str]:
    """The dotted names that a module takes from elsewhere; `from a import b` takes `a.b`, which may be a module."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = "." * node.level + (node.module or "")
            yield from (f"{start}.{alias.name}" for alias in node.names)


SHARED = ("tests.support.", "tests.networks.zoo")


def imported(paths: list[Path]) -> list[tuple[str, str]]:
    """(file, dotted name) of everything that these files import."""
    return [(str(path.relative_to(ROOT)), name) for path in paths for name in imports(path.read_text())]


def test_every_form_of_import_is_seen() -> None:
    code = "import a.b, c\nfrom d import e\nfrom . import f\ndef g():\n    from .h import i as j\n"
    assert list(imports(code)) == ["a.b", "c", "d.e", "..f", ".h.i"]


def test_all_rooms_are_looked_at() -> None:
    assert all(files(room) for room in (*ROOMS, "tests", "benchmarks", "service/endpoints"))


def test_nobody_imports_a_test_or_a_conftest() -> None:
    """What tests share stands in tests/support; nothing is imported relatively, past this rule."""
    taken = imported(files(*ROOMS, "tests", "benchmarks", "examples"))
    assert [one for one in taken if one[1].startswith(".")] == []
    of_tests = [one for one in taken if one[1].partition(".")[0] in {"tests", "conftest"}]
    assert [one for one in of_tests if not one[1].startswith(SHARED)] == []


def test_endpoints_do_not_import_each_other() -> None:
    taken = imported(files("service/endpoints"))
    assert [one for one in taken if one[1].startswith(f"{ENDPOINTS}.")] == []


def test_a_file_is_one_concept() -> None:
    """About 200 lines; a few more where a concept needs them."""
    lines = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in files(*ROOMS)}
    assert {path: number for path, number in lines.items() if number > MOST_LINES} == {}


def test_a_conftest_holds_fixtures_and_nothing_else() -> None:
    for path in (ROOT / "tests").rglob("conftest.py"):
        for node in ast.parse(path.read_text()).body:
            assert not isinstance(node, ast.ClassDef), (path, node.name)
            if isinstance(node, ast.FunctionDef):
                assert any("fixture" in ast.unparse(decorator) for decorator in node.decorator_list), (path, node.name)
