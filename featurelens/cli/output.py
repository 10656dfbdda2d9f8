"""Where things go: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer

from featurelens.client import bars
from featurelens.client.watching import Report


def say(line: str) -> None:
    """A result."""
    typer.echo(line)


def hint(line: str) -> None:
    """What a person may like to know, and no program reads."""
    typer.echo(line, err=True)


def as_json(value: Any) -> None:
    """A result for programs: one line of JSON."""
    typer.echo(json.dumps(value, ensure_ascii=False))


def table(rows: Iterable[Sequence[object]]) -> None:
    """Aligned columns, two spaces apart, for people and for awk."""
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@contextmanager
def bar(label: str) -> Iterator[Report | None]:
    """A progress bar, on a terminal only."""
    if sys.stderr.isatty():
        with bars.bar(label) as report:
            yield report
    else:
        yield None


def examples(*commands: str) -> str:
    """The end of a help page. The tests run each of `commands`."""
    return "\n\n".join(["Examples:", *commands])
