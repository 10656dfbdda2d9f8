"""What the endpoints work with, made once per process, and the aliases by which they ask for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass
from email.message import Message
from functools import partial
from importlib import import_module
from typing import Annotated, Any, NamedTuple

from anyio import CapacityLimiter
from fastapi import Depends, Path, Request
from redis import Redis
from starlette.exceptions import HTTPException

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.errors import NotFound
from featurelens.jobs.kinds import ACTIVATIONS, COMPARISON, KINDS, VISUALIZATION
from featurelens.jobs.kinds.base import KEY_PATTERN, Kind
from featurelens.jobs.queue.broker import connect
from featurelens.jobs.queue.index import JobIndex
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.photos_in_flight import photos_in_flight
from featurelens.jobs.queue.previews import Previews
from featurelens.jobs.queue.ranked_index import RankedIndex
from featurelens.jobs.queue.unit_index import UnitIndex
from featurelens.jobs.settings import Settings
from featurelens.jobs.store.file_store import FileStore
from featurelens.jobs.store.open_store import open_photos, open_store
from featurelens.jobs.store.photos import Photos
from featurelens.jobs.store.result_store import ResultStore
from featurelens.service.auth.api_keys import ApiKeys
from featurelens.service.auth.quota import Quota
from featurelens.service.auth.signed_urls import LIFETIME, SignedUrls
from featurelens.service.decoding import Decoding
from featurelens.service.disk_cache import DiskCache
from featurelens.service.eviction.evictable import Evictable, EvictableFiles, EvictablePhotos, EvictableResults
from featurelens.service.eviction.eviction import Eviction
from featurelens.service.evidence import Evidences
from featurelens.service.idempotency import Retries
from featurelens.service.known_comparisons import KnownComparisons
from featurelens.service.known_scans import KnownScans
from featurelens.service.limits import Limits
from featurelens.service.lookup import Lookup, find_watched
from featurelens.service.ranking import Ranking
from featurelens.service.schemas.visualization import Visualization
from featurelens.service.shared_secret import TOKENS, SharedSecret
from featurelens.service.single_flight import SingleFlight
from featurelens.service.standings import ComparisonStandings, PictureStandings
from featurelens.service.sweeps import Sweeps
from featurelens.service.thumbnails import Thumbnails
from featurelens.service.unit_pictures import LayerPictures
from featurelens.service.watcher import Watcher
from featurelens.service.webhooks.allowed_hosts import Permitted
from featurelens.service.webhooks.callbacks import Callbacks
from featurelens.service.webhooks.deliveries import Deliveries
from featurelens.service.whole_index import WholeIndex

MAKING = 2
"""Thumbnails and contact sheets made at once."""

PROBES = 4


class View(NamedTuple):
    """What there is to be seen of the jobs of one kind: by whoever asks, and by whoever waits for a change."""

    lookup: Lookup[Any]
    watcher: Watcher[Any]


@dataclass(frozen=True)
class Dependencies:
    """The broker and what lives in it, the result store and the photographs."""

    redis: Redis
    catalog: Catalog
    queue: JobQueue
    store: ResultStore
    photos: Photos
    decoding: Decoding
    settings: Settings
    limits: Limits
    quota: Quota | None
    api_keys: ApiKeys
    signed_urls: SignedUrls
    index: JobIndex
    whole_index: WholeIndex
    thumbnails: Thumbnails
    views: dict[str, View]
    """By the name of the kind of job."""
    scans: KnownScans
    comparisons: KnownComparisons
    evidences: Evidences
    rankings: dict[str, Ranking]
    """Of kinds whose lists are sorted, by their names."""
    layer_pictures: LayerPictures
    sweeps: Sweeps
    retries: Retries
    previews: Previews
    making: SingleFlight[tuple[bytes, str]]
    """Of thumbnails and contact sheets."""
    callbacks: Callbacks
    looking: asyncio.Lock
    """Held while maps are asked for that somebody looks at: a page with many of them asks once."""
    probes: CapacityLimiter
    """Threads of their own for questions after health, which are answered however busy all others are."""
    evictions: dict[str, Eviction]
    """By what they evict from: results (unless they are in a bucket), thumbnails, photos."""

    @property
    def visualizations(self) -> Lookup[Visualization]:
        return self.views[VISUALIZATION.name].lookup

    @classmethod
    def of(cls, settings: Settings) -> Dependencies:
        redis, decoding = connect(settings.redis_url), Decoding()
        queue, store = JobQueue(redis), open_store(settings)
        previews, catalog, index = Previews(redis), Catalog(redis), JobIndex(redis)
        whole = WholeIndex(index, store)
        scans, comparisons = KnownScans(index, store, whole), KnownComparisons(index, store)
        evidences = Evidences(catalog, store, scans, comparisons)
        return cls(
            redis,
            catalog,
            queue,
            store,
            open_photos(settings, decoding),
            decoding,
            settings,
            Limits.of(settings),
            Quota(redis, settings.quota) if settings.quota else None,
            ApiKeys(settings.keys_file),
            SignedUrls(SharedSecret(settings.token_secret, redis, TOKENS, LIFETIME)),
            index,
            whole,
            Thumbnails(DiskCache(settings.thumbnails_folder)),
            {kind.name: _view(kind.name, store, queue, previews) for kind in KINDS},
            scans,
            comparisons,
            evidences,
            _rankings(RankedIndex(redis), store, evidences),
            LayerPictures(UnitIndex(redis), store),
            Sweeps(redis, queue, store),
            Retries(redis),
            previews,
            SingleFlight(MAKING),
            Callbacks(Deliveries(redis), Permitted(settings.called_back)),
            asyncio.Lock(),
            CapacityLimiter(PROBES),
            _evictions(settings, partial(photos_in_flight, redis, queue)),
        )


def _view(kind: str, store: ResultStore, queue: JobQueue, previews: Previews) -> View:
    """As the module of this name says what a job looks like (see `jobs.kinds`)."""
    schema = import_module(f"featurelens.service.schemas.{kind}")
    lookup = Lookup(store, queue, schema.finished, schema.underway)
    return View(lookup, Watcher(partial(find_watched, lookup, previews)))


def _rankings(index: RankedIndex, store: ResultStore, evidences: Evidences) -> dict[str, Ranking]:
    measures = ((VISUALIZATION, PictureStandings(evidences)), (COMPARISON, ComparisonStandings()))
    return {kind.name: Ranking(kind, index, store, measure) for kind, measure in measures}


def _evictions(settings: Settings, wanted: Callable[[], Collection[str]]) -> dict[str, Eviction]:
    evictables: dict[str, tuple[Evictable, int]] = {
        "thumbnails": (EvictableFiles(settings.thumbnails_folder), settings.thumbnails_max_bytes),
        "photos": (EvictablePhotos(settings.photos_folder, wanted), settings.photos_max_bytes),
    }
    if settings.bucket is None:
        folder = settings.results_folder
        evictables["results"] = EvictableResults(FileStore(folder), folder), settings.results_max_bytes
    return {name: Eviction(name, evictable, limit) for name, (evictable, limit) in evictables.items()}


async def _deps(request: Request) -> Dependencies:
    deps: Dependencies = request.app.state.deps
    return deps


def known_key(kind: Kind[Any], key: str) -> str:
    """`key`. Raises 404 when it is none of this kind."""
    if not KEY_PATTERN.fullmatch(key) or not key.startswith(kind.prefix):
        raise NotFound(f"no {kind.name} has such a key: it is {kind.prefix} and 64 hex digits")
    return key


def key_of(kind: Kind[Any]) -> Callable[..., Coroutine[Any, Any, str]]:
    """The parameter `key` of an address: that of a job of this kind."""
    described = Path(description=f"{kind.prefix} and 64 hex digits", examples=[kind.prefix + "0" * 64])

    async def known(key: str = described) -> str:
        return known_key(kind, key)

    return known


async def _json_only(request: Request) -> None:
    """Before the body is parsed: raises 415 when it is not declared as JSON."""
    message = Message()
    message["content-type"] = request.headers.get("content-type", "")
    kind = message.get_content_type()
    if "content-type" not in request.headers or not (kind == "application/json" or kind.endswith("+json")):
        raise HTTPException(415, "send the specification as application/json")


Deps = Annotated[Dependencies, Depends(_deps)]
Key = Annotated[str, Depends(key_of(VISUALIZATION))]
ActivationsKey = Annotated[str, Depends(key_of(ACTIVATIONS))]
JsonOnly = Depends(_json_only)
ModelName = Annotated[str, Path(max_length=200, description="canonical name or alias", examples=["patternnet"])]
