"""`featurelens jobs`: what a service makes and has made."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from featurelens.cli.held import connected
from featurelens.cli.options import Json, Service, Timeout
from featurelens.cli.output import as_json, bar, examples, hint, say, table
from featurelens.client import Job
from featurelens.client.operations import LISTED, path_of
from featurelens.client.results import Result
from featurelens.jobs.errors import InvalidSpec, NotFound

jobs = typer.Typer(no_args_is_help=True, help="List, watch and stop what a service makes.")

Key = Annotated[str, typer.Argument(help="Its key, or the beginning of one in the list.")]

SHORT = 12
"""Characters of a key that tell it from others in a list."""


def add_to(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(jobs, name="jobs", rich_help_panel="What there is")


@jobs.command(
    epilog=examples(
        "featurelens jobs ls",
        "featurelens jobs ls --status succeeded --limit 2 --json",
        "featurelens jobs ls --sort activation --order ascending",
    )
)
def ls(
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(LISTED)}.")] = LISTED[0],
    model: Annotated[str | None, typer.Option(help="Of this network alone.")] = None,
    status: Annotated[str | None, typer.Option(help="queued, running, succeeded, failed or cancelled.")] = None,
    sort: Annotated[
        str | None,
        typer.Option(
            help="Pictures: activation, ratio, percentile, likeness; comparisons: likeness, likeness_of_means."
        ),
    ] = None,
    order: Annotated[str | None, typer.Option(help="ascending: what is sorted from below.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Whose images ratio and percentile compare with.")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 20,
    url: Service = None,
    json: Json = False,
) -> None:
    """The jobs of a service, newest first, or sorted by what is known of them."""
    if kind not in LISTED:
        raise InvalidSpec.at("/kind", f"there is no kind {kind!r}; there are {', '.join(LISTED)}", LISTED)
    found = connected(url).jobs(kind, model=model, status=status, sort=sort, order=order, dataset=dataset, limit=limit)
    if json:
        as_json(found)
        return
    head = ("key", "status", "what", "created", *([sort] if sort else []))
    table([head, *((*_row(job), *([_known(job, sort)] if sort else [])) for job in found)])


@jobs.command(epilog=examples("featurelens jobs watch KEY"))
def watch(key: Key, url: Service = None, timeout: Timeout = None, json: Json = False) -> None:
    """Follow one until it has ended. Exit status 1: it failed or was stopped."""
    job = _named(url, key)
    with bar(key[:SHORT]) as report:
        result: Result = job.wait(timeout, report)
    if json:
        as_json(result.data)
        return
    hint(repr(result))
    say(result.url or job.url)


@jobs.command(epilog=examples("featurelens jobs cancel KEY"))
def cancel(key: Key, url: Service = None, json: Json = False) -> None:
    """Take one request back: it is stopped, unless others wait for it. Exit status 1: it has ended."""
    job = _named(url, key).cancel()
    if json:
        as_json(job.data)
        return
    askers = job.data.get("askers") or 0
    say(job.status if not askers else f"{job.status}; {askers} still wait for it")


def _row(job: dict[str, Any]) -> tuple[object, ...]:
    place = f"/{job['layer']}" if job.get("layer") else ""
    channel = "" if job.get("channel") is None else f":{job['channel']}"
    name = job["model"].partition("@")[0]
    return (
        job["key"][:SHORT],
        job["status"],
        f"{name}{place}{channel} {job.get('sign', '')}".strip(),
        job["created"][:19],
    )


def _known(job: dict[str, Any], sort: str) -> str:
    """What the job is sorted by; empty where that is not known."""
    known = job.get(sort, (job.get("standing") or {}).get(sort))
    return "" if known is None else f"{known:.4g}"


def _named(url: str | None, key: str) -> Job:
    """The job whose key begins so, among the latest. Raises `NotFound`, or `InvalidSpec` where several do."""
    client = connected(url)
    if len(key) >= len("fv1_") + 64:
        return client.job(key)
    kind = path_of(key).split("/")[2]
    found = [job["key"] for job in client.jobs(kind, limit=100) if job["key"].startswith(key)]
    if len(found) > 1:
        raise InvalidSpec.at("/key", f"{len(found)} keys begin with {key}", found[:5])
    if not found:
        raise NotFound(f"none of the latest jobs has a key that begins with {key}; featurelens jobs ls")
    return client.job(found[0])
