"""Open files: a connection is one, so there may be fewer connections than the system allows files."""

from __future__ import annotations

import resource

from featurelens.jobs.errors import FeaturelensError
from featurelens.jobs.logs import logger
from featurelens.jobs.settings import Settings
from featurelens.service.http_server import SPARE

OTHERS = 256
"""Files that are no connections of clients: those to the broker, of threads that read and write, of decoders."""

LEAST = 64
"""Requests at once below which it makes no sense to start."""


def within(settings: Settings) -> Settings:
    """`settings` with as many connections as the system has files for; its soft limit is raised as far as may be.

    Raises `FeaturelensError` when there are too few for anything.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.connections + SPARE + OTHERS
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    fit = allowed - SPARE - OTHERS
    if fit < min(LEAST, settings.connections):
        raise FeaturelensError(f"only {hard} files may be open (ulimit -n); {LEAST + SPARE + OTHERS} are the least")
    if fit < settings.connections:
        logger().warning("fewer connections than set: too few files may be open", files=hard, connections=fit)
        return settings.model_copy(update={"connections": fit})
    return settings
