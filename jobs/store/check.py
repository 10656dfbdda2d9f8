"""``python -m featurelens.jobs.store.check``: whether the bucket that the settings name is there.

A process of its own, because the library's threads must not start in one that forks. One line on standard output says
what is wrong. Exit status: 0 it is there, or none is named; 3 there is no such bucket; 4 it does not answer, or not to
these credentials.
"""

from __future__ import annotations

import sys

from featurelens.jobs.errors import StoreUnavailable
from featurelens.jobs.settings import settings

THERE, MISSING, SILENT = 0, 3, 4


def check() -> tuple[int, str]:
    """An exit status, and what is wrong."""
    chosen = settings()
    if chosen.results is None:
        return THERE, ""
    from featurelens.jobs.store.bucket_store import BucketStore

    try:
        if BucketStore(chosen.results, chosen.results_endpoint).there():
            return THERE, ""
    except StoreUnavailable as error:
        return SILENT, error.detail
    return MISSING, f"there is no bucket as in FEATURELENS_RESULTS={chosen.results}: create it, or name another one"


if __name__ == "__main__":
    status, problem = check()
    if problem:
        sys.stdout.write(f"{problem}\n")
    sys.exit(status)
