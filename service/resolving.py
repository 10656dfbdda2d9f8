"""Resolves a specification against the catalog, and waits for networks that are being described."""

from __future__ import annotations

import time

import anyio
from starlette.concurrency import run_in_threadpool

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.jobs.errors import CatalogPending
from featurelens.jobs.kinds.base import Kind, Spec

CATALOG_PATIENCE = 8.0
"""Seconds a request waits for a network to be described: most take less, and nobody likes to ask twice."""


async def resolved_in(catalog: Catalog, kind: Kind[Spec], spec: Spec) -> tuple[Spec, ModelEntry]:
    """The complete spec and its network, as `Kind.resolve`; waits up to `CATALOG_PATIENCE` for the layers."""
    deadline = time.monotonic() + CATALOG_PATIENCE
    while True:
        try:
            return await run_in_threadpool(kind.resolve, catalog, spec)
        except CatalogPending:
            if time.monotonic() > deadline:
                raise
        await anyio.sleep(0.1)
