"""`featurelens params`: how a picture was made."""

from __future__ import annotations

import json as jsons
from pathlib import Path
from typing import Annotated, Any

import typer

from featurelens.cli.options import Json
from featurelens.cli.output import as_json, examples, hint, say
from featurelens.jobs.errors import NotFound

CHUNK = "featurelens"
"""The text chunk of a PNG (`worker.slot.png`)."""


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    shown = examples("featurelens params out.png", "featurelens params out.png --json")
    app.command(epilog=shown, rich_help_panel="Pictures")(params)


def params(picture: Annotated[Path, typer.Argument(help="A PNG as it was made.")], json: Json = False) -> None:
    """Read the specification out of a picture, as it can be sent to the service."""
    found = chunk_of(picture)
    if json:
        as_json(found)
        return
    hint(f"{found['key']}, weights {found['weights']}")
    say(jsons.dumps(found["spec"], indent=1, ensure_ascii=False))


def chunk_of(picture: Path) -> dict[str, Any]:
    """Key, specification and weights. Raises `NotFound` where there are none."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(picture) as image:
            image.load()
            told: dict[str, Any] = jsons.loads(image.info[CHUNK])
    except (KeyError, UnidentifiedImageError, ValueError) as error:
        raise NotFound(f"{picture} says nothing of how it was made: thumbnails and other formats do not") from error
    return told
