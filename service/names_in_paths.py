"""Names of networks and layers in the path of an address: they may hold slashes, plain or as ``%2F``.

A server sees both alike, and proxies on the way decode what they like. So a name ends where the address goes on with
``/layers`` or ``/units``, as early as that is possible.
"""

from __future__ import annotations

from starlette.convertors import Convertor, register_url_convertor

MODEL, LAYER = "{model:name}", "{layer:name}"
"""Placeholders in the templates of routes."""

MOST_SLASHES = 15


class NameConvertor(Convertor[str]):
    """Text that does not end in a slash. Bounded, because a long path can be split in too many ways."""

    regex = f"(?:[^/]*+/){{0,{MOST_SLASHES}}}?[^/]++"

    def convert(self, value: str) -> str:
        """The text as it is."""
        return value

    def to_string(self, value: str) -> str:
        """The text as it is."""
        return value


register_url_convertor("name", NameConvertor())
