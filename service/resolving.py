"""Waits for a network that is being described, so that nobody has to ask twice for what is there in a moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import anyio
from starlette.concurrency import run_in_threadpool

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.jobs.errors import CatalogPending
from featurelens.jobs.kinds.base import Kind, Spec

CATALOG_PATIENCE = 8.0
"""Seconds a request waits for a network to be described: most take less, and nobody likes to ask twice."""

T = TypeVar("T")


async def described(ask: Callable[[], T]) -> T:
    """The result of `ask`, in a thread; repeated for up to `CATALOG_PATIENCE` while it raises `CatalogPending`."""
    deadline = time.monotonic() + CATALOG_PATIENCE
    while True:
        try:
            return await run_in_threadpool(ask)
        except CatalogPending:
            if time.monotonic() > deadline:
                raise
        await anyio.sleep(0.1)


async def resolved_in(catalog: Catalog, kind: Kind[Spec], spec: Spec) -> tuple[Spec, ModelEntry]:
    """The complete spec and its network, as `Kind.resolve`, once its layers are known."""
    return await described(lambda: kind.resolve(catalog, spec))
