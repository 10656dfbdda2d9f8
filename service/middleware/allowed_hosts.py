"""Refuses requests for a name that is not the service's own.

A web page can point a name of its own at 127.0.0.1 (DNS rebinding): the browser then takes what answers there for the
page's own site, and lets the page read it. Such a request says in `Host` which name it was sent to.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from featurelens.service.problems import wrong_host

ANY = "*"


class AllowedHostsMiddleware:
    """Lets through `names` (``*.example.org`` stands for all below it), localhost, and addresses: none can be rebound.

    A request without `Host` comes from no browser.
    """

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app = app
        self._names = {name.lower() for name in (*names, "localhost", "*.localhost")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI interface."""
        if scope["type"] == "http" and not self._allowed(Headers(scope=scope).get("host", "")):
            await wrong_host()(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _allowed(self, host: str) -> bool:
        if not host or ANY in self._names:
            return True
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        _, _, parent = name.partition(".")
        return _address(name) or name in self._names or _below(parent, self._names)


def _below(name: str, names: Collection[str]) -> bool:
    """Whether `name` or one above it stands behind ``*.``."""
    while name:
        if f"*.{name}" in names:
            return True
        name = name.partition(".")[2]
    return False


def _address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
