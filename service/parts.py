"""What the endpoints work with, made once per process, and the aliases by which they ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message
from functools import partial
from typing import Annotated

from fastapi import Depends, Path, Request
from redis import Redis
from starlette.exceptions import HTTPException

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.errors import NotFound
from featurelens.jobs.queue.broker import connect
from featurelens.jobs.queue.listing import Listing
from featurelens.jobs.queue.previews import Previews
from featurelens.jobs.queue.queue import JobQueue
from featurelens.jobs.queue.sweeps import Sweeps
from featurelens.jobs.settings import Settings
from featurelens.jobs.store.key import KEY_PATTERN
from featurelens.jobs.store.photos import Photos
from featurelens.jobs.store.results import FileStore, ResultStore
from featurelens.jobs.store.stores import open_store
from featurelens.service.auth.api_keys import ApiKeys
from featurelens.service.auth.quota import Quota
from featurelens.service.auth.read_tokens import ReadTokens
from featurelens.service.eviction.eviction import Eviction
from featurelens.service.eviction.shelves import Files, Results, Shelf
from featurelens.service.kept import Kept
from featurelens.service.limits import Limits
from featurelens.service.lookout import Lookout
from featurelens.service.sight import look_for_all
from featurelens.service.thumbnails import Thumbnails


@dataclass(frozen=True)
class Parts:
    """The broker and what lives in it, the result store and the photographs."""

    redis: Redis
    catalog: Catalog
    queue: JobQueue
    store: ResultStore
    photos: Photos
    settings: Settings
    limits: Limits
    quota: Quota | None
    api_keys: ApiKeys
    read_tokens: ReadTokens
    listing: Listing
    thumbnails: Thumbnails
    lookout: Lookout
    sweeps: Sweeps
    previews: Previews
    evictions: dict[str, Eviction]
    """By what they evict: results (unless they are in a bucket), thumbnails, photos."""

    @classmethod
    def of(cls, settings: Settings) -> Parts:
        redis = connect(settings.redis_url)
        queue, store = JobQueue(redis), open_store(settings)
        previews = Previews(redis)
        return cls(
            redis,
            Catalog(redis),
            queue,
            store,
            Photos(settings.photos_folder),
            settings,
            Limits.of(settings),
            Quota(redis, settings.quota) if settings.quota else None,
            ApiKeys(settings.keys_file),
            ReadTokens(settings.token_secret),
            Listing(redis),
            Thumbnails(Kept(settings.thumbnails_folder)),
            Lookout(partial(look_for_all, store, queue, previews)),
            Sweeps(redis, queue, store),
            previews,
            _evictions(settings),
        )


def _evictions(settings: Settings) -> dict[str, Eviction]:
    shelves: dict[str, tuple[Shelf, int]] = {
        "thumbnails": (Files(settings.thumbnails_folder), settings.thumbnails_max_bytes),
        "photos": (Files(settings.photos_folder), settings.photos_max_bytes),
    }
    if settings.results is None:
        folder = settings.results_folder
        shelves["results"] = Results(FileStore(folder), folder), settings.results_max_bytes
    return {what: Eviction(what, shelf, limit) for what, (shelf, limit) in shelves.items()}


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


def _known_key(
    key: Annotated[str, Path(description="fv1_ and 64 hex digits", examples=["fv1_" + "0" * 64])],
) -> str:
    if not KEY_PATTERN.fullmatch(key):
        raise NotFound("no visualization has such a key: it is fv1_ and 64 hex digits")
    return key


def _json_only(request: Request) -> None:
    """Before the body is looked at: what is not called JSON is not read as such."""
    message = Message()
    message["content-type"] = request.headers.get("content-type", "")
    kind = message.get_content_type()
    if "content-type" not in request.headers or not (kind == "application/json" or kind.endswith("+json")):
        raise HTTPException(415, "send the specification as application/json")


PartsHere = Annotated[Parts, Depends(_parts)]
Key = Annotated[str, Depends(_known_key)]
JsonOnly = Depends(_json_only)
ModelName = Annotated[str, Path(max_length=200, description="canonical name or alias", examples=["patternnet"])]
