"""``python -m featurelens.jobs.store.check [write]``: whether the bucket of the settings is there, and takes results.

A process of its own, because the library's threads must not start in one that forks. One line on standard output says
what is wrong. Exit status: 0 it is there, or none is named; 3 there is no such bucket; 4 it does not answer, or not to
these credentials; 5 these credentials may not write.
"""

from __future__ import annotations

import sys

from featurelens.jobs.errors import StoreUnavailable
from featurelens.jobs.settings import settings

THERE, MISSING, SILENT, READ_ONLY = 0, 3, 4, 5


def check(write: bool = False) -> tuple[int, str]:
    """An exit status, and what is wrong. `write`: for who stores results."""
    chosen = settings()
    if chosen.results is None:
        return THERE, ""
    from featurelens.jobs.store.bucket_store import BucketStore

    try:
        store = BucketStore(chosen.results, chosen.results_endpoint)
        if store.there():
            refusal = store.takes() if write else None
            told = f"nothing can be put into FEATURELENS_RESULTS={chosen.results} with these credentials"
            return (READ_ONLY, f"{told} ({refusal})") if refusal else (THERE, "")
    except StoreUnavailable as error:
        return SILENT, error.detail
    return MISSING, f"there is no bucket as in FEATURELENS_RESULTS={chosen.results}: create it, or name another one"


if __name__ == "__main__":
    status, problem = check(write="write" in sys.argv[1:])
    if problem:
        sys.stdout.write(f"{problem}\n")
    sys.exit(status)
