"""`featurelens sweep`: pictures of many channels."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from featurelens.cli.failures import FAILED
from featurelens.cli.makers import maker
from featurelens.cli.options import Json, Seed, Set, Signs, Size, Steps, Timeout, Url, folder, named, specification
from featurelens.cli.output import as_json, bar, examples, hint, say
from featurelens.client.results import Visualization
from featurelens.jobs.errors import InvalidSpec

_CHANNELS = re.compile(r"(?P<place>.+?):(?P<channels>\d[\d,\s-]*)")


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    shown = examples(
        "featurelens sweep patternnet/conv4:0-3 --steps 8 -o pictures",
        "featurelens sweep patternnet/logits:2,5 --sign positive --sign negative --steps 8 -o pictures --json",
    )
    app.command(epilog=shown, rich_help_panel="Pictures")(sweep)


def sweep(
    channels: Annotated[str, typer.Argument(help="model/layer:channels, the channels as in 0-63,97")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder for them, made if need be.")] = Path(),
    sign: Signs = None,
    steps: Steps = None,
    size: Size = None,
    seed: Seed = None,
    fields: Set = None,
    url: Url = None,
    timeout: Timeout = None,
    json: Json = False,
) -> None:
    """Make pictures of many channels of a layer, a file each."""
    found = _CHANNELS.fullmatch(channels)
    if found is None:
        raise InvalidSpec(f"channels are written model/layer:0-63, as in patternnet/conv4:0-3,7, not {channels!r}")
    spec = specification(steps, size, seed, fields, signs=list(sign) if sign else None)
    makes, target, failed = maker(url), folder(output), 0
    asked = {**spec, "unit": found["place"], "channels": found["channels"]}
    with bar(channels) as report, closing(makes.pictures(asked, timeout, report)) as pictures:
        for one, picture in pictures:
            if isinstance(picture, Visualization):
                file = picture.save(target / f"{named(picture.params)}.png")
                as_json({**picture.data, "file": str(file)}) if json else say(str(file))
            else:
                failed += 1
                hint(f"channel {one['channel']}, {one['sign']}: {picture.detail}")
    if failed:
        raise typer.Exit(FAILED)
