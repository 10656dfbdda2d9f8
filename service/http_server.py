"""How the service speaks HTTP: uvicorn's settings."""

from __future__ import annotations

from typing import Any

import uvicorn
from starlette.types import ASGIApp

from featurelens.jobs.settings import Settings

SHUTDOWN_PATIENCE = 5
"""Seconds that open requests have at the end; none of them needs longer unless its client is slow."""


def configuration(app: ASGIApp, settings: Settings, **more: Any) -> uvicorn.Config:
    """Of a server for `app`. `more`: further options of uvicorn."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_PATIENCE,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        **more,
    )
