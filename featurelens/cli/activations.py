"""`featurelens activations`: what a network sees in a photograph."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from featurelens.cli.makers import maker
from featurelens.cli.options import Json, Timeout, Url, specification
from featurelens.cli.output import as_json, bar, examples, say, table


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    shown = examples(
        "featurelens activations out.png --model patternnet",
        "featurelens activations out.png --model patternnet --layer conv4 --layer conv6 --units 3 --json",
    )
    app.command(epilog=shown, rich_help_panel="Pictures")(activations)


def activations(
    photo: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A PNG, JPEG or WebP.")],
    model: Annotated[str, typer.Option("--model", "-m", help="From featurelens models list.")],
    layer: Annotated[list[str] | None, typer.Option(help="Layers to tell of.", show_default="recommended ones")] = None,
    units: Annotated[int | None, typer.Option(min=1, help="Units in each list.", show_default="10")] = None,
    url: Url = None,
    timeout: Timeout = None,
    json: Json = False,
) -> None:
    """Tell which units of a network respond most to a photograph, and what it is taken for."""
    spec = specification(None, None, None, None, layers=list(layer) if layer else None, units=units)
    makes = maker(url)
    with bar(str(photo)) as report:
        found = makes.activations(model, str(photo), spec, timeout, report)
    if json:
        as_json(found.data)
        return
    if found.classes:
        table(
            [("class", "label", "probability")]
            + [(o["channel"], o["label"], _round(o["probability"])) for o in found.classes]
        )
        say("")
    rows: list[tuple[object, ...]] = [("unit", "highest", "at x,y")]
    for told in found.layers:
        rows += [
            (
                f"{told['layer']}:{one['channel']}",
                _round(one["value"]),
                "" if one["x"] is None else f"{one['x']},{one['y']}",
            )
            for one in told["highest"]
        ]
    table(rows)


def _round(value: float) -> str:
    return f"{value:.4g}"
