"""Assembles the app: settings, middleware, error handlers, endpoints and the OpenAPI document."""

from __future__ import annotations

import pkgutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib import import_module

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from featurelens.jobs import addresses
from featurelens.jobs.settings import Settings
from featurelens.jobs.settings import settings as process_settings
from featurelens.jobs.version import VERSION
from featurelens.service import endpoints
from featurelens.service.dependencies import Dependencies
from featurelens.service.middleware.allowed_hosts import AllowedHostsMiddleware
from featurelens.service.middleware.body_limit import BodyLimitMiddleware
from featurelens.service.middleware.connection_limit import ConnectionLimitMiddleware
from featurelens.service.middleware.head import HeadMiddleware
from featurelens.service.middleware.path_prefix import PathPrefixMiddleware
from featurelens.service.middleware.remembered_answers import RememberedAnswersMiddleware
from featurelens.service.middleware.request_log import RequestLogMiddleware
from featurelens.service.openapi.document import document
from featurelens.service.openapi.headers import EXPOSED
from featurelens.service.problems import install
from featurelens.service.webhooks.allowed_hosts import HEADER
from featurelens.service.webhooks.courier import Courier
from featurelens.service.webhooks.endings import endings
from featurelens.service.webhooks.signature import Signatures

DESCRIPTION = f"""What makes this unit of a neural network fire?

Featurelens starts from noise and optimizes the *input image* of a trained, frozen network until a chosen unit responds
most (**positive**) or least (**negative**), and serves the picture: feature visualization by optimization, or
activation maximization. A unit here is a channel of a layer; its output over the image is a feature map.

Ask with `POST {addresses.VISUALIZATIONS}`, watch the resource it names until `status` is `succeeded`, \
get its image. Errors
are `application/problem+json` throughout."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """An app that needs nothing to start: what is missing (broker, worker) it says in its answers."""
    deps = Dependencies.of(settings or process_settings())

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        for eviction in deps.evictions.values():
            eviction.start()
        deps.whole_index.start()
        courier = _courier(deps)
        courier.start()
        yield
        await courier.close()
        for eviction in deps.evictions.values():
            eviction.stop()
        for view in deps.views.values():
            await view.watcher.close()
        deps.decoding.close()
        deps.whole_index.close()
        deps.redis.close()

    app = FastAPI(
        title="Featurelens",
        version=VERSION,
        description=DESCRIPTION,
        lifespan=lifespan,
        openapi_url=None,  # `endpoints.docs` shows it
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: f"{route.tags[0]}-{route.name}" if route.tags else route.name,
    )
    app.add_middleware(RememberedAnswersMiddleware, deps=deps)
    app.add_middleware(HeadMiddleware)
    uploads = {addresses.PHOTOS: deps.settings.photo_bytes}
    app.add_middleware(
        BodyLimitMiddleware, limit=deps.settings.body_bytes, seconds=deps.settings.body_seconds, exceptions=uploads
    )
    app.add_middleware(ConnectionLimitMiddleware, limit=deps.settings.connections)
    app.add_middleware(AllowedHostsMiddleware, names=deps.settings.host_names)
    app.add_middleware(RequestLogMiddleware)
    _open_to(app, deps.settings)
    if deps.settings.proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(deps.settings.proxies))
    app.add_middleware(PathPrefixMiddleware, prefix=deps.settings.root_path, proxies=deps.settings.proxies)
    app.state.deps = deps
    install(app)
    for name in sorted((one.name for one in pkgutil.iter_modules(endpoints.__path__)), key=_place):
        app.include_router(import_module(f"{endpoints.__name__}.{name}").router)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]
    return app


def _place(name: str) -> tuple[bool, str]:
    """Routes are tried one after the other: those that are asked for most come first."""
    return name != "visualizations", name


def _courier(deps: Dependencies) -> Courier:
    signatures = Signatures.of(deps.settings, deps.redis)
    return Courier(deps.callbacks.deliveries, deps.callbacks.permitted, signatures, partial(endings, deps))


def _open_to(app: FastAPI, settings: Settings) -> None:
    """Lets web pages of the origins that the operator names call the service."""
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=[
                *("Authorization", "Content-Type", "Prefer", "Idempotency-Key", HEADER),
                *("Last-Event-ID", "If-None-Match", "X-Request-ID"),
            ],
            expose_headers=EXPOSED,
        )
