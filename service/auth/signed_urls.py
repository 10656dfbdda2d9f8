"""Tokens in URLs, for one job and a quarter of an hour: a browser's EventSource and <img> send no header.

A token may only read, and only the job it is for. It is a signature, so nothing is stored for it; it ends sooner when
the API key it was made with is revoked.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time

from featurelens.service.shared_secret import SharedSecret

LIFETIME = 900
"""Seconds: an address may end up in a browser's history or a proxy's log."""


class SignedUrls:
    """`secret` is shared by all who serve."""

    def __init__(self, secret: SharedSecret) -> None:
        self._secret = secret

    def issue(self, key: str, client: str) -> tuple[str, int]:
        """A token for the job `key`, and until when it is good (seconds since 1970). `client` asked; no dots."""
        expires = int(time.time()) + LIFETIME
        return f"{client}.{expires}.{_signature(self._secret.current(), key, client, expires)}", expires

    def client(self, token: str, key: str) -> str | None:
        """Who was given `token` for the job `key`; None when nobody was, or it has expired."""
        client, _, rest = token.partition(".")
        expires, _, signature = rest.partition(".")
        if not re.fullmatch(r"\d{1,12}", expires, re.ASCII) or int(expires) <= time.time():
            return None
        given = signature.encode()
        fits = self._fits(given, key, client, int(expires))
        if not fits and self._secret.outdated():
            fits = self._fits(given, key, client, int(expires))
        return client if fits else None

    def _fits(self, signature: bytes, key: str, client: str, expires: int) -> bool:
        good = (_signature(secret, key, client, expires).encode() for secret in self._secret.good())
        return any(hmac.compare_digest(one, signature) for one in good)


def _signature(secret: bytes, key: str, client: str, expires: int) -> str:
    return hmac.new(secret, f"{key} {client} {expires}".encode(), hashlib.sha256).hexdigest()
