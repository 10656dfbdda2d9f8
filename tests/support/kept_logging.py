"""Logging as it was: a command configures it for its process, and a test shares its process with others."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

OURS = logging.getLogger("featurelens")


@contextmanager
def kept_logging() -> Iterator[None]:
    """Whatever is configured in the block is undone after it."""
    root = logging.getLogger()
    config, context = structlog.get_config(), structlog.contextvars.get_contextvars()
    handlers, levels = list(root.handlers), (root.level, OURS.level)
    try:
        yield
    finally:
        structlog.configure(**config)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(**context)
        root.handlers[:] = handlers
        root.setLevel(levels[0])
        OURS.setLevel(levels[1])
