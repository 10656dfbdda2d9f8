"""``python -m featurelens.jobs.store.check [AREA ...]``: whether the store of the settings is there, and takes things.

A process of its own, because the library's threads must not start in one that forks. One line on standard output: the
store's id, or what is wrong. Exit status: 0 it is there; 3 there is no such bucket or folder; 4 it does not answer, or
not to these credentials; 5 one of the areas (`Area`) cannot be written.
"""

from __future__ import annotations

import sys
from collections.abc import Collection

from featurelens.jobs import disk
from featurelens.jobs.errors import StoreUnavailable
from featurelens.jobs.settings import Settings, settings
from featurelens.jobs.store.identity import identify
from featurelens.jobs.store.open_store import AREAS, Area, open_area, open_whole

THERE, MISSING, SILENT, READ_ONLY = 0, 3, 4, 5

ID = "store "
"""What stands before the id."""

_WHAT: dict[Area, str] = {"results": "results", "photos": "photographs", "scans": "unfinished scans"}


def check(chosen: Settings, writes: Collection[Area] = ()) -> tuple[int, str]:
    """An exit status, and the id or what is wrong. `writes`: what is going to be put there.

    A disk that is full at the moment is no fault of the settings: what is asked for is refused until it has room.
    """
    what = "nothing"
    try:
        store = open_whole(chosen)
        if chosen.results is not None and not store.there():
            kind = "folder" if chosen.bucket is None else "bucket"
            return MISSING, f"there is no {kind} as in {_named(chosen)}: create it, or name another one"
        for area in writes:
            what = f"no {_WHAT[area]}"
            refusal = open_area(chosen, area).takes()
            if refusal is not None and refusal not in disk.FULL:
                return READ_ONLY, _refused(what, chosen, refusal)
        what = "nothing"
        return THERE, ID + identify(chosen, store).id
    except StoreUnavailable as error:
        return SILENT, error.detail
    except OSError as error:
        return READ_ONLY, _refused(what, chosen, disk.reason(error) or error.strerror or type(error).__name__)


def _named(chosen: Settings) -> str:
    return f"FEATURELENS_RESULTS={chosen.results}" if chosen.results else f"the state folder {chosen.state.absolute()}"


def _refused(what: str, chosen: Settings, why: str) -> str:
    by = "by this user" if chosen.bucket is None else "with these credentials"
    return f"{what} can be put into {_named(chosen)} {by} ({why})"


if __name__ == "__main__":
    status, told = check(settings(), [area for area in AREAS if area in sys.argv[1:]])
    sys.stdout.write(f"{told}\n")
    sys.exit(status)
