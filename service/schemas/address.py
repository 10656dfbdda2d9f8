"""Addresses in answers: kept as the routes have them, shown below the prefix under which this request reaches us.

Answers are also made for others than the one who asks (`service.watcher`), so the prefix comes in when one is written.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import Annotated

from pydantic import PlainSerializer

from featurelens.jobs import addresses

PREFIX: ContextVar[str] = ContextVar("prefix", default="")
"""What a proxy in front puts before every path, such as ``/vision``; set for each request."""

_MENTIONED = re.compile(rf"(?<![^\s(])(?=({addresses.ROOT}|{re.escape(addresses.DOCUMENT)})\b)")


def shown(address: str) -> str:
    """As the client has to write it."""
    return PREFIX.get() + address


def _told(text: str) -> str:
    return _MENTIONED.sub(shown(""), text)


Address = Annotated[str, PlainSerializer(shown)]
"""A field that holds an address of `jobs.addresses`."""

Told = Annotated[str, PlainSerializer(_told)]
"""A text for people that may mention such addresses."""
