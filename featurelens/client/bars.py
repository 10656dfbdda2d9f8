"""Progress as people see it: a bar on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from featurelens.client.progress import Progress
from featurelens.client.watching import Report

Wanted = bool | Report | None
"""True: a bar; a function: it is called with each `Progress`."""


@contextmanager
def reporting(wanted: Wanted, label: str) -> Iterator[Report | None]:
    """What is to be called with each `Progress`, as long as the block lasts."""
    if wanted is True:
        with bar(label) as report:
            yield report
    else:
        yield wanted or None


@contextmanager
def bar(label: str) -> Iterator[Report]:
    """A bar that vanishes at the end. It moves on a terminal and in a notebook only."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Bars(*columns, TextColumn("{task.fields[note]}"), console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(label, total=None, note="")

        def report(progress: Progress) -> None:
            done, of = progress.step, progress.steps
            if progress.downloaded is not None:
                done, of = progress.downloaded // 1_000_000, (progress.download_size or 0) // 1_000_000
            bars.update(task, completed=done, total=of or None, note=note(progress))

        yield report


def note(progress: Progress) -> str:
    """What is not in the bar: the place in the queue, the stage, the score."""
    if progress.waiting_for is not None:
        return f"queued, waits for {progress.waiting_for}"
    if progress.status == "queued":
        return "queued" if progress.position is None else f"queued, {progress.position} in line"
    if progress.downloaded is not None:
        of = "" if progress.download_size is None else f" of {progress.download_size / 1e6:.1f}"
        return f"downloading {progress.downloaded / 1e6:.1f}{of} MB"
    if progress.score is not None:
        return f"score {progress.score:.3g}"
    return progress.stage or progress.status
