"""Chooses where things are stored: in folders of the state, in a folder that machines share, or in a bucket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from featurelens.jobs.settings import Settings
from featurelens.jobs.store.file_store import FileStore
from featurelens.jobs.store.folder import Folder
from featurelens.jobs.store.objects import Objects
from featurelens.jobs.store.photo_decoding import normalized
from featurelens.jobs.store.photos import Photos
from featurelens.jobs.store.result_store import ResultStore

Area = Literal["results", "photos", "scans"]
AREAS: tuple[Area, ...] = get_args(Area)
"""What a store has of its own: results, photographs, what unfinished scans have gathered."""

LONG_PATIENCE = 60.0
"""Seconds a renderer waits for a bucket that is away, to read a photograph."""


def open_store(settings: Settings) -> ResultStore:
    """The results, where `settings` say; nothing is read or written yet."""
    if settings.bucket is None:
        return FileStore(settings.results_folder)
    # A slot forks: the library's threads must not start before that.
    from featurelens.jobs.store.bucket_store import BucketStore

    return BucketStore(settings.bucket, settings.results_endpoint)


def open_photos(
    settings: Settings, normalize: Callable[[bytes], bytes] = normalized, *, patient: bool = False
) -> Photos:
    """The photographs; in a store that is shared also those that lie in the state folder since it was not."""
    former = None if settings.results is None else Folder(settings.state.absolute() / "photos")
    return Photos(_objects(settings, "photos", patient), normalize, former)


def open_checkpoints(settings: Settings) -> Objects:
    """What unfinished scans have gathered."""
    return _objects(settings, "scans")


def open_area(settings: Settings, area: Area) -> Objects:
    """A part of the store, as names and contents. In a bucket results lie at the top."""
    return _objects(settings, "" if area == "results" and settings.bucket is not None else area)


def open_whole(settings: Settings) -> Objects:
    """All of it together."""
    return _objects(settings, "")


def _objects(settings: Settings, area: str, patient: bool = False) -> Objects:
    if settings.bucket is None:
        return Folder(settings.store_folder / area)
    from featurelens.jobs.store.bucket import PATIENCE, Bucket  # a slot forks, as above

    address = f"{settings.bucket.rstrip('/')}/{area}"
    return Bucket(address, settings.results_endpoint, LONG_PATIENCE if patient else PATIENCE)
