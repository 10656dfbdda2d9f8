"""Logging as it was: a command configures it for its process, and a test shares its process with others."""

from __future__ import annotations

import gc
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
        _forget_what_loggers_cached()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(**context)
        root.handlers[:] = handlers
        root.setLevel(levels[0])
        OURS.setLevel(levels[1])


def _forget_what_loggers_cached() -> None:
    """A module's logger keeps what it was configured with when it was first used, until it is told to ask again."""
    lazy = type(structlog.get_logger())
    for one in gc.get_objects():
        if type(one) is lazy:  # `isinstance` would ask objects of others for their class
            vars(one).pop("bind", None)
