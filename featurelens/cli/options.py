"""Options that several commands take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from featurelens.client.connection import URL
from featurelens.client.results import address
from featurelens.jobs.errors import InvalidSpec

Url = Annotated[
    str | None,
    typer.Option("--url", envvar=URL, help="Where a service is. Left out: this process does it.", show_default=False),
]
Service = Annotated[
    str | None,
    typer.Option("--url", envvar=URL, help="Where the service is, http://127.0.0.1:8000 if nothing is said."),
]
Json = Annotated[bool, typer.Option("--json", help="For programs: one line of JSON.")]
Timeout = Annotated[float | None, typer.Option(min=0.0, help="Seconds to wait at most.", show_default=False)]
Signs = Annotated[list[str] | None, typer.Option(help="positive, negative, or one after the other.")]
Steps = Annotated[int | None, typer.Option(help="Optimization steps.", show_default="128")]
Size = Annotated[
    str | None, typer.Option(help="Pixels: 224, or 200x300 (height x width).", show_default="the network's")
]
Seed = Annotated[int | None, typer.Option(help="The same seed gives the same picture.", show_default="0")]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        help="Any other field of a specification (docs/objectives.md), such as objective.type=diversity.",
        show_default=False,
    ),
]


def specification(
    steps: int | None, size: str | None, seed: int | None, fields: list[str] | None, **more: Any
) -> dict[str, Any]:
    """The fields of a specification that are given. Raises `InvalidSpec` for what is no field or no size."""
    given = {"steps": steps, "size": None if size is None else _size(size), "seed": seed, **more}
    spec = {name: value for name, value in given.items() if value is not None}
    for field in fields or ():
        name, equals, value = field.partition("=")
        if not equals or not name:
            raise InvalidSpec(f"--set takes FIELD=VALUE, as in --set optimizer.learning_rate=0.1, not {field!r}")
        _put(spec, name.split("."), _value(value))
    return spec


def named(spec: dict[str, Any], number: int = 0) -> str:
    """A name for the file of a picture: ``conv4-7-positive``, with whatever else tells it from its neighbours."""
    place = address(spec).partition("/")[2] or address(spec)
    parts = [place, spec.get("sign", "positive"), *([f"seed{spec['seed']}"] if spec.get("seed") else [])]
    return "-".join(parts).replace(":", "-").replace("/", "-").replace(" ", "_") + (f"-{number}" if number else "")


def folder(path: Path) -> Path:
    """`path`, made if need be."""
    path.mkdir(parents=True, exist_ok=True)
    return path


def _size(text: str) -> int | list[int]:
    sides = text.lower().split("x")
    if not all(side.isdecimal() for side in sides) or len(sides) > 2:
        raise InvalidSpec.at("/size", f"a size is 224, or 200x300 (height x width), not {text!r}")
    return int(sides[0]) if len(sides) == 1 else [int(side) for side in sides]


def _value(text: str) -> Any:
    """JSON where it is some, else text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _put(spec: dict[str, Any], path: list[str], value: Any) -> None:
    *parents, last = path
    for parent in parents:
        spec = spec.setdefault(parent, {})
        if not isinstance(spec, dict):
            raise InvalidSpec(f"{parent} is no group of fields")
    spec[last] = value
