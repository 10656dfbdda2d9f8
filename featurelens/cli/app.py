"""The command and its parts."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from featurelens.cli import (
    activations,
    doctor,
    export,
    jobs,
    keys,
    models,
    params,
    render,
    scan,
    serving,
    sweep,
)
from featurelens.cli.failures import DONE, Missing, lines_of, status_of
from featurelens.cli.held import held
from featurelens.cli.output import hint
from featurelens.jobs.errors import FeaturelensError

app = typer.Typer(
    name="featurelens",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 done, 1 it did not work, 2 the command or what it names makes no sense, 3 nobody is there "
    "to do it (no service, or a part that is not installed), 130 stopped by Ctrl-C.",
)
for part in (render, sweep, activations, scan, export, params, models, jobs, serving, keys, doctor):
    part.add_to(app)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("featurelens"))
        raise typer.Exit


@app.callback()
def featurelens(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Which one this is.")
    ] = False,
) -> None:
    """Pictures of what a unit of a neural network responds to.

    FEATURELENS_URL says where a service is, FEATURELENS_API_KEY holds the API key for it.

    Without the former, pictures are made by this process.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit status. `arguments` left out are those of the process."""
    try:
        with held:
            app(arguments, prog_name="featurelens")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else DONE
    except BrokenPipeError:
        # Nobody reads any more, and Python's own flush at exit would say so.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except (FeaturelensError, Missing, OSError) as error:
        first, *more = lines_of(error)
        hint(f"featurelens: {first}")
        for line in more:
            hint(f"  {line}")
        return status_of(error)
    return DONE
