"""`featurelens doctor`: what is wrong with an installation."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from featurelens.cli.checkups import CHECKUPS, Finding
from featurelens.cli.failures import FAILED
from featurelens.cli.options import Json
from featurelens.cli.output import as_json, examples, say
from featurelens.client.connection import URL


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    shown = examples("featurelens doctor", "featurelens doctor --json")
    app.command(epilog=shown, rich_help_panel="Operating")(doctor)


def doctor(
    url: Annotated[
        str | None, typer.Option("--url", envvar=URL, help="A service to look at, too.", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """Say what is wrong with this installation: device, queue, state folder, disk, store, networks."""
    if url is not None:
        os.environ[URL] = url
    found: list[Finding] = []
    for area, checkup in CHECKUPS.items():
        for finding in checkup():
            found.append(finding)
            if not json:
                say(f"{finding.level:5}  {area:9}  {finding.text}")
    if json:
        as_json([finding._asdict() for finding in found])
    if any(finding.level == "WRONG" for finding in found):
        raise typer.Exit(FAILED)
