"""`featurelens export`: a layer as a folder that opens without a server."""

from __future__ import annotations

import json as jsons
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from featurelens.cli import export_page
from featurelens.cli.failures import FAILED
from featurelens.cli.makers import maker
from featurelens.cli.options import Json, Seed, Set, Signs, Size, Steps, Timeout, Url, folder, specification
from featurelens.cli.output import as_json, bar, examples, hint, say
from featurelens.client.results import Visualization
from featurelens.jobs.errors import InvalidSpec

MOST = 4096
"""Pictures in one sweep of the service."""


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    shown = examples(
        "featurelens export patternnet/logits -o classes --steps 8 --channels 0-3",
        "featurelens export patternnet/conv1 -o both --channels 0-1 --sign positive --sign negative --steps 4 --json",
    )
    app.command(epilog=shown, rich_help_panel="Pictures")(export)


def export(
    place: Annotated[str, typer.Argument(metavar="MODEL/LAYER", help="All of its units.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder, made if need be.")],
    channels: Annotated[str | None, typer.Option(help="Only these, as in 0-63,97.", show_default="all")] = None,
    sign: Signs = None,
    steps: Steps = None,
    size: Size = None,
    seed: Seed = None,
    fields: Set = None,
    url: Url = None,
    timeout: Timeout = None,
    json: Json = False,
) -> None:
    """Make pictures of all units of a layer and put them into a folder: index.html, pictures, JSON of every unit.

    The folder needs no server and nothing from elsewhere: open index.html, or put it on any web space.
    """
    model, _, name = place.partition("/")
    if not name:
        raise InvalidSpec("what to export is written model/layer, as in patternnet/logits")
    makes = maker(url)
    layer = makes.layer(model, name)
    signs = list(sign) if sign else ["positive"]
    units: dict[int, dict[str, Any]] = {}
    failed = 0
    target = folder(output)
    for part in ("pictures", "units"):
        folder(target / part)
    spec = specification(steps, size, seed, fields, model=model, layer=layer.name, signs=signs)
    with bar(place) as report:
        for some in [channels] if channels else _blocks(layer.channels, MOST // len(signs)):
            with closing(makes.pictures({**spec, "channels": some}, timeout, report)) as pictures:
                for one, picture in pictures:
                    channel = int(one["channel"])
                    if not isinstance(picture, Visualization):
                        failed += 1
                        hint(f"channel {channel}, {one['sign']}: {picture.detail}")
                        continue
                    file = f"pictures/{channel}-{one['sign']}.png"
                    picture.save(target / file)
                    unit = units.setdefault(channel, _unit(model, layer.name, channel, layer.labels))
                    unit["pictures"][one["sign"]] = _told(picture, file)
    for channel, unit in units.items():
        _write(target / "units" / f"{channel}.json", unit)
    whole = {"model": model, "layer": dict(layer.data), "units": [units[channel] for channel in sorted(units)]}
    (target / "index.html").write_text(export_page.page(whole), encoding="utf-8")
    page = target / "index.html"
    as_json({"page": str(page), "units": len(units), "failed": failed}) if json else say(str(page))
    if failed:
        raise typer.Exit(FAILED)


def _blocks(channels: int, most: int) -> list[str]:
    """Channels of the sweeps that cover all of them."""
    return [f"{first}-{min(first + most, channels) - 1}" for first in range(0, channels, most)]


def _unit(model: str, layer: str, channel: int, labels: tuple[str, ...] | None) -> dict[str, Any]:
    label = labels[channel] if labels is not None and channel < len(labels) else None
    address = f"{model}/{layer}:{channel}"
    return {"model": model, "layer": layer, "channel": channel, "address": address, "label": label, "pictures": {}}


def _told(picture: Visualization, file: str) -> dict[str, Any]:
    return {"file": file, "key": picture.key, "params": picture.params, "numbers": picture.numbers}


def _write(path: Path, told: Mapping[str, Any]) -> None:
    path.write_text(jsons.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
