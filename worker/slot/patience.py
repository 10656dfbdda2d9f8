"""A bucket may be silent for long: what has been accepted is made all the same, and what has been made is kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from featurelens.jobs.errors import StoreUnavailable
from featurelens.jobs.logs import logger

PAUSE = 1.0
"""Seconds between two tries, each of which is silent for up to half a minute."""

Answer = TypeVar("Answer")


def answered_at_last(ask: Callable[[], Answer], live: Callable[[], None]) -> Answer:
    """What `ask` returns, repeated while the store is silent.

    `live`, called in between, shows the slot that this process lives, and raises when there is nothing to wait for any
    more.
    """
    said = False
    while True:
        try:
            return ask()
        except StoreUnavailable as silent:
            if not said:
                logger().warning("the store is waited for", reason=silent.detail)
                said = True
            live()
            time.sleep(PAUSE)
