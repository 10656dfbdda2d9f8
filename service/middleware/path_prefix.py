"""The prefix under which a proxy serves us, such as ``/vision`` in ``https://example.org/vision/v1/models``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from featurelens.jobs.settings import PREFIX_PATTERN
from featurelens.service.schemas.address import PREFIX

HEADER = "X-Forwarded-Prefix"
ANY = "*"


class PathPrefixMiddleware:
    """Tells the routes and the answers the prefix: what a trusted proxy says in `X-Forwarded-Prefix`, else `prefix`.

    Proxies take it off the path or leave it there; either is understood. What is no prefix is as if it had not been
    said. This goes around whatever replaces the proxy's address by the client's.
    """

    def __init__(self, app: ASGIApp, prefix: str, proxies: Collection[str]) -> None:
        self._app = app
        self._prefix = prefix
        self._anybody = ANY in proxies
        self._proxies = [ip_network(proxy) for proxy in proxies if proxy != ANY]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI interface: `root_path` is the prefix, and `path` begins with it."""
        prefix = self._of(scope) if scope["type"] == "http" else ""
        if not prefix:
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        whole = path if path == prefix or path.startswith(f"{prefix}/") else prefix + path
        was = PREFIX.set(prefix)
        try:
            await self._app({**scope, "path": whole, "root_path": prefix}, receive, send)
        finally:
            PREFIX.reset(was)

    def _of(self, scope: Scope) -> str:
        said = Headers(scope=scope).get(HEADER, "").rstrip("/")
        return said if re.fullmatch(PREFIX_PATTERN, said) and said and self._trusts(scope) else self._prefix

    def _trusts(self, scope: Scope) -> bool:
        if self._anybody:
            return True
        host, _ = scope.get("client") or ("", 0)
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._proxies)


def route_path(scope: Mapping[str, Any]) -> str:
    """The path without the prefix, as `jobs.addresses` has it."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))
