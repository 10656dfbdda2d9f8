"""``python -m featurelens.jobs.store.check [write]``: whether the store of the settings is there, and takes results.

A process of its own, because the library's threads must not start in one that forks. One line on standard output: the
store's id, or what is wrong. Exit status: 0 it is there; 3 there is no such bucket or folder; 4 it does not answer, or
not to these credentials; 5 it cannot be written.
"""

from __future__ import annotations

import sys

from featurelens.jobs import disk
from featurelens.jobs.errors import StoreUnavailable
from featurelens.jobs.settings import Settings, settings
from featurelens.jobs.store.identity import identify
from featurelens.jobs.store.open_store import open_whole

THERE, MISSING, SILENT, READ_ONLY = 0, 3, 4, 5

ID = "store "
"""What stands before the id."""


def check(chosen: Settings, write: bool = False) -> tuple[int, str]:
    """An exit status, and the id or what is wrong. `write`: for who stores results."""
    store = open_whole(chosen)
    named = f"FEATURELENS_RESULTS={chosen.results}" if chosen.results else f"the state folder {chosen.state.absolute()}"
    try:
        if chosen.results is not None and not store.there():
            what = "folder" if chosen.bucket is None else "bucket"
            return MISSING, f"there is no {what} as in {named}: create it, or name another one"
        refusal = store.takes() if write else None
        if refusal is None:
            return THERE, ID + identify(chosen, store).id
    except StoreUnavailable as error:
        return SILENT, error.detail
    except OSError as error:
        refusal = disk.reason(error) or error.strerror or type(error).__name__
    return READ_ONLY, f"nothing can be put into {named} by this user, or with these credentials ({refusal})"


if __name__ == "__main__":
    status, told = check(settings(), write="write" in sys.argv[1:])
    sys.stdout.write(f"{told}\n")
    sys.exit(status)
