"""`featurelens scan`: what all units of some layers say to every image of a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from featurelens.cli.held import connected
from featurelens.cli.options import Json, Service, Timeout, specification
from featurelens.cli.output import as_json, bar, examples, hint, say
from featurelens.client import Result


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    shown = examples(
        "featurelens scan patternnet patterns --layer logits -o units.parquet",
        "featurelens scan patternnet patterns --layer logits --json",
    )
    app.command(epilog=shown, rich_help_panel="Pictures")(scan)


def scan(
    model: Annotated[str, typer.Argument(help="From featurelens models list.")],
    dataset: Annotated[str, typer.Argument(help="A data set of the service, such as patterns.")],
    layer: Annotated[list[str] | None, typer.Option(help="Layers to tell of.", show_default="recommended ones")] = None,
    keep: Annotated[int | None, typer.Option(min=1, help="Examples of each unit in each list.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A Parquet file, a row for each unit.")] = None,
    url: Service = None,
    timeout: Timeout = None,
    json: Json = False,
) -> None:
    """Have a service look with all units at all images of a data set.

    One that is interrupted goes on where it was when it is asked for again.
    """
    spec = specification(None, None, None, None, layers=list(layer) if layer else None, keep=keep)
    client = connected(url)
    job = client.start("scans", model=model, dataset=dataset, **spec)
    with bar(f"{model} over {dataset}") as report:
        try:
            found: Result = job.wait(timeout, report)
        except KeyboardInterrupt:
            job.cancel()
            raise
    if output is not None:
        output.write_bytes(client.file(found))
    if json:
        as_json({**found.data, "file": None if output is None else str(output)})
        return
    hint(repr(found))
    say(found.url or job.url if output is None else str(output))
