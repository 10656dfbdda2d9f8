"""Chooses the result store: a folder of the state, or a bucket."""

from __future__ import annotations

from featurelens.jobs.settings import Settings
from featurelens.jobs.store.file_store import FileStore
from featurelens.jobs.store.result_store import ResultStore

SLOT_PATIENCE = 60.0
"""Seconds a slot waits for a bucket that is away, to store a result."""


def open_store(settings: Settings, *, patient: bool = False) -> ResultStore:
    """The store that `settings` name; nothing is read or written yet. `patient`: rather wait than fail."""
    if settings.results is None:
        return FileStore(settings.results_folder)
    from featurelens.jobs.store.bucket_store import (  # a slot forks: the library's threads must not start before that
        PATIENCE,
        BucketStore,
    )

    return BucketStore(settings.results, settings.results_endpoint, SLOT_PATIENCE if patient else PATIENCE)
