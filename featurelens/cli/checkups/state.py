"""The state folder and its disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from featurelens.cli.checkups.finding import Finding
from featurelens.cli.configured import configured
from featurelens.cli.failures import Missing
from featurelens.jobs.errors import InvalidSpec

AREA = "state"


def state() -> Iterator[Finding]:
    """Whether it can be written, who runs in it, how much room there is."""
    try:
        settings = configured("the state folder")
    except (InvalidSpec, Missing) as error:
        yield Finding("WRONG" if isinstance(error, InvalidSpec) else "note", AREA, str(error))
        return
    folder = settings.state.absolute()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        yield Finding("ok", AREA, f"{folder}" + ("" if there == folder else ", which the first start makes"))
    else:
        yield Finding("WRONG", AREA, f"{folder} cannot be written by this user: set FEATURELENS_STATE")
    if (folder / "worker.lock").exists() and (process := _running(folder / "worker.lock")):
        yield Finding("ok", AREA, f"in use by process {process}")
    free = shutil.disk_usage(there).free
    room = f"{free / 2**30:.1f} GiB free on its disk"
    if free < settings.min_free_bytes:
        yield Finding("WRONG", AREA, f"{room}: with less than {settings.min_free_bytes >> 20} MiB nothing is accepted")
    else:
        yield Finding("note" if free < 2**30 else "ok", AREA, room)


def _running(lock: Path) -> str | None:
    """The process that holds the lock of the launcher; None: nobody does."""
    import fcntl

    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return file.read().strip() or "unknown"
    return None
