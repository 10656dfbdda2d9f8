"""Which result store: a folder of the state, or a bucket."""

from __future__ import annotations

from jobs.results import FileStore, ResultStore
from jobs.settings import Settings


def open_store(settings: Settings) -> ResultStore:
    """Nothing is read or written yet."""
    if settings.results is None:
        return FileStore(settings.results_folder)
    from jobs.bucket import BucketStore  # a slot forks: the library's threads must not start before that

    return BucketStore(settings.results, settings.results_endpoint)
