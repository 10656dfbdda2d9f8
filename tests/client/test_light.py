"""What is imported when: a client has neither torch nor Redis, and ``import featurelens`` has next to nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "numpy", "redis", "rq", "pydantic", "fastapi", "structlog", "obstore")


def loaded(code: str) -> set[str]:
    """Modules that are there afterwards, by their first names."""
    told = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in told.stdout.split()}


@pytest.mark.parametrize(
    ("code", "without"),
    [
        ("import featurelens", (*HEAVY, "httpx", "PIL", "rich", "typer")),
        ("from featurelens import Client, AsyncClient; Client('http://x')", (*HEAVY, "PIL", "typer")),
        ("import featurelens.cli.app", (*HEAVY, "PIL")),
    ],
)
def test_light(code: str, without: tuple[str, ...]) -> None:
    assert loaded(code).isdisjoint(without)


def test_what_is_missing_is_named() -> None:
    """An interpreter in which torch cannot be imported."""
    code = "import sys; sys.modules['torch'] = None; from featurelens import render"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert "featurelens.render needs torch: pip install 'featurelens[engine]'" in told.stderr
