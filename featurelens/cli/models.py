"""`featurelens models` and `layers`: what there is to look into."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from featurelens.cli.failures import needing
from featurelens.cli.makers import maker
from featurelens.cli.options import Json, Url
from featurelens.cli.output import as_json, examples, say, table

models = typer.Typer(no_args_is_help=True, help="List networks, check your own.")


def add_to(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(models, name="models", rich_help_panel="What there is")
    shown = examples("featurelens layers patternnet", "featurelens layers patternnet --recommended --json")
    app.command(epilog=shown, rich_help_panel="What there is")(layers)


@models.command("list", epilog=examples("featurelens models list", "featurelens models list --json"))
def list_models(url: Url = None, json: Json = False) -> None:
    """All networks: name, whether the weights are here, other names."""
    found = maker(url).models()
    if json:
        as_json([dict(model.data) for model in found])
        return
    for model in found:
        say(f"{model.name}  {'here' if model.downloaded else 'not downloaded'}  {', '.join(model.aliases)}")


@models.command(epilog=examples("featurelens models check patternnet"))
def check(
    name: Annotated[str, typer.Argument(help="Canonical name or alias.")],
    photograph: Annotated[Path | None, typer.Argument(help="Something the network should know.")] = None,
    label: Annotated[str | None, typer.Option(help="What it shows, as the network's labels say it.")] = None,
) -> None:
    """Load a network and say in plain words what is wrong with it."""
    with needing("worker", "featurelens models check"):
        from featurelens.jobs.logs import configure
        from featurelens.worker.models.__main__ import main
    configure("models", "ERROR")  # what is wrong is said in the findings
    given = ["check", name, *([str(photograph)] if photograph else []), *(["--label", label] if label else [])]
    raise typer.Exit(main(given))


def layers(
    model: Annotated[str, typer.Argument(help="From featurelens models list.")],
    recommended: Annotated[bool, typer.Option("--recommended", help="Those worth looking at first.")] = False,
    url: Url = None,
    json: Json = False,
) -> None:
    """The layers of a network in the order they run, with the number of their units."""
    found = [layer for layer in maker(url).layers(model) if layer.recommended or not recommended]
    if json:
        as_json([dict(layer.data) for layer in found])
        return
    rows: list[tuple[object, ...]] = [("layer", "type", "units", "map", "")]
    for layer in found:
        size = "" if layer.height is None else f"{layer.height}x{layer.width}" if layer.width else str(layer.height)
        rows.append((layer.name, layer.type, layer.channels, size, "recommended" if layer.recommended else ""))
    table(rows)
