"""`featurelens render`: the picture of a unit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from featurelens.cli.makers import maker
from featurelens.cli.options import Json, Seed, Set, Size, Steps, Timeout, Url, named, specification
from featurelens.cli.output import as_json, bar, examples, hint, say
from featurelens.cli.params import chunk_of
from featurelens.client.results import Visualization, address

Unit = Annotated[
    str | None, typer.Argument(help="model/layer:channel, or model/layer:label of a class", show_default=False)
]
Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", help="The file, or a folder for it.", show_default="its name, here"),
]


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    shown = examples(
        "featurelens render patternnet/logits:10 --steps 32 -o out.png",
        "featurelens render patternnet/conv4:7 --sign negative --size 64 --steps 16 --json",
        "featurelens render patternnet/conv6:3 --steps 8 --set objective.type=diversity --set objective.pictures=2",
        "featurelens render --like out.png --seed 1 -o other.png",
    )
    app.command(epilog=shown, rich_help_panel="Pictures")(render)


def render(
    unit: Unit = None,
    output: Output = None,
    sign: Annotated[str | None, typer.Option(help="positive or negative.", show_default="positive")] = None,
    steps: Steps = None,
    size: Size = None,
    seed: Seed = None,
    fields: Set = None,
    like: Annotated[
        Path | None, typer.Option(help="A picture whose specification is taken, but for what is given here.")
    ] = None,
    url: Url = None,
    timeout: Timeout = None,
    json: Json = False,
) -> None:
    """Make the picture of a unit and save it.

    By the service that FEATURELENS_URL names, else by this process, which loads the network first.
    """
    if unit is None and like is None:
        raise typer.BadParameter("name a unit, as in featurelens render patternnet/logits:10")
    spec: dict[str, Any] = {} if like is None else dict(chunk_of(like)["spec"])
    if unit is not None:
        spec = {name: value for name, value in spec.items() if name not in {"model", "layer", "channel"}}
        spec["unit"] = unit
    spec |= specification(steps, size, seed, fields, sign=sign)
    makes = maker(url)
    with bar(unit or address(spec)) as report:
        picture = makes.picture(spec, timeout, report)
    saved(picture, output, json)


def saved(picture: Visualization, output: Path | None, json: bool) -> None:
    """Saves it and says where."""
    name = f"{named(picture.params)}.png"
    target = Path(name) if output is None else output / name if output.is_dir() else output
    target.parent.mkdir(parents=True, exist_ok=True)
    picture.save(target)
    if json:
        as_json({**picture.data, "file": str(target), "url": picture.url})
        return
    activation = picture.numbers.get("activation")
    if activation is not None:
        hint(f"{address(picture.params)}: activation {activation:.4g}")
    for warning in picture.numbers.get("warnings", ()):
        hint(f"warning: {warning}")
    say(str(target))
