"""One call: a POST to an address that was looked at before anything is connected.

The name is resolved once, and the connection goes to the address that was found permitted: there is no second answer
of DNS that could differ. TLS and `Host` still go by the name. Redirects are not followed, nothing of the answer is read
but its head, and all of it has `SECONDS`.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import httpx

from featurelens.jobs.errors import CallbackRefused
from featurelens.jobs.version import VERSION
from featurelens.service.webhooks.allowed_hosts import Permitted, host_of, literal

SECONDS = 15.0

_HEADERS = {"Content-Type": "application/json", "User-Agent": f"Featurelens/{VERSION}", "Accept": "*/*"}


class Told(NamedTuple):
    """What came of it: a status, or the reason for which there is none."""

    status: int | None
    reason: str = ""
    retry_after: int = 0
    """Seconds that the receiver asks for before the next try."""

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def unwanted(self) -> bool:
        """The receiver wants no more of it."""
        return self.status == 410


async def call(permitted: Permitted, url: str, body: bytes, headers: Mapping[str, str]) -> Told:
    """Raises nothing that a receiver can be the cause of."""
    try:
        async with asyncio.timeout(SECONDS):
            return await _called(permitted, permitted.checked(url), body, headers)
    except CallbackRefused as error:
        return Told(None, error.detail)
    except TimeoutError:
        return Told(None, f"nothing within {SECONDS:g} s")
    except Exception as error:  # noqa: BLE001  # whatever a receiver is the cause of ends this try, and nothing else
        return Told(None, f"{type(error).__name__}: {error}"[:200])


async def _called(permitted: Permitted, url: httpx.URL, body: bytes, headers: Mapping[str, str]) -> Told:
    host = host_of(url)
    sent = {**_HEADERS, **headers, "Host": url.netloc.decode("ascii")}
    failed: httpx.ConnectError | None = None
    for address in await _addresses(permitted, host, url.port or (443 if url.scheme == "https" else 80)):
        # Another client each time: no connection is kept, and no proxy of the environment comes in between.
        async with httpx.AsyncClient(verify=_tls(), trust_env=False, follow_redirects=False, timeout=SECONDS) as client:
            there = url.copy_with(host=address)
            extensions = {} if literal(host) else {"sni_hostname": host}
            request = client.build_request("POST", there, content=body, headers=sent, extensions=extensions)
            try:
                answer = await client.send(request, stream=True)
            except httpx.ConnectError as error:
                failed = error
                continue
            await answer.aclose()
            return Told(answer.status_code, f"answered {answer.status_code}", _seconds(answer))
    raise failed or httpx.ConnectError("nowhere to connect to")


async def _addresses(permitted: Permitted, host: str, port: int) -> list[str]:
    """Those of `host` that may be connected to. Raises `CallbackRefused` where there are none, or `OSError`."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(where[0]) for *_, where in found))
    good = [one for one in addresses if (address := literal(one)) is not None and permitted.connects(address)]
    if not good:
        raise CallbackRefused(f"{host} leads to {addresses[0]}, which is not of the public Internet and not listed")
    return good


@cache
def _tls() -> ssl.SSLContext:
    """What certificates are held against; that of an operator's own authority is named by ``SSL_CERT_FILE``."""
    return httpx.create_ssl_context()


def _seconds(answer: httpx.Response) -> int:
    said = answer.headers.get("retry-after", "")
    return min(int(said), 3600) if said.isascii() and said.isdecimal() and len(said) < 8 else 0
