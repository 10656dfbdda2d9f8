"""Where the service is, and how it is spoken to: what both drivers have in common."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any, Self

import httpx
from httpx_sse import ServerSentEvent

from featurelens.client.errors import Unreachable, error_of
from featurelens.client.steps import Answer, Event, Listen, Request
from featurelens.jobs.errors import InvalidSpec

URL, KEY = "FEATURELENS_URL", "FEATURELENS_API_KEY"
"""Variables of the environment that say where the service is, and with which API key."""

DEFAULT_URL = "http://127.0.0.1:8000"

_ADDRESS = re.compile(r"https?://[^/?#]+[^?#]*$")

_CONNECT = 5.0
"""Seconds to be let in."""

_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True)
class Connection:
    """`url` may have a path, where a proxy serves it below one; `timeout` is seconds for one answer."""

    url: str
    key: str | None
    timeout: float

    @classmethod
    def to(cls, url: str | None, key: str | None, timeout: float) -> Self:
        """What is left out is taken from the environment. Raises `InvalidSpec` for what is no address or key."""
        found = url or os.environ.get(URL) or DEFAULT_URL
        if not _ADDRESS.match(found):
            raise InvalidSpec(f"{found!r} is no address of a service; {DEFAULT_URL} would be one")
        try:
            httpx.URL(found)
        except httpx.InvalidURL as error:
            raise InvalidSpec(f"{found!r} is no address of a service: {error}") from None
        known = (key or os.environ.get(KEY) or "").strip()
        if not re.fullmatch(r"[!-~]*", known):
            raise InvalidSpec("the API key has characters that no key has")
        return cls(found.rstrip("/"), known or None, timeout)

    def options(self) -> dict[str, Any]:
        """Of `httpx.Client` and its twin."""
        headers = {"User-Agent": "featurelens-python", "Accept": "application/json"}
        if self.key is not None:
            headers["Authorization"] = f"Bearer {self.key}"
        timeout = httpx.Timeout(self.timeout, connect=_CONNECT)
        return {"base_url": self.url, "headers": headers, "timeout": timeout}


def arguments(request: Request) -> dict[str, Any]:
    """Of the method `request` of either client."""
    params = {name: value for name, value in request.params.items() if value is not None}
    body = {} if request.json is None else {"json": request.json}
    more = {} if request.content is None else {"content": request.content}
    return {
        "method": request.method,
        "url": request.path,
        "params": params or None,
        "headers": dict(request.headers),
        **body,
        **more,
    }


def answer_of(response: httpx.Response) -> Answer:
    """Read to its end."""
    return Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, response.content)


def listening(step: Listen) -> dict[str, Any]:
    """Of `httpx_sse.connect_sse` and its twin."""
    headers = {"Last-Event-ID": step.last_event_id} if step.last_event_id else {}
    timeout = httpx.Timeout(step.silence, connect=_CONNECT)
    return {"method": "GET", "url": step.path, "headers": headers, "timeout": timeout}


def check_stream(response: httpx.Response) -> None:
    """Raises the error that a refusal is. The response is read to its end."""
    if response.status_code >= 300:
        raise error_of(response.status_code, response.headers, response.content)


def event_of(heard: ServerSentEvent) -> Event:
    return Event(heard.event, heard.id, heard.data)


def unreachable(error: httpx.HTTPError, url: str) -> Unreachable:
    """`error`, which is of the connection."""
    said = str(error) or type(error).__name__
    return Unreachable(f"no answer from {url}: {said}", sent=not isinstance(error, _UNSENT))
