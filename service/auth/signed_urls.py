"""Tokens in URLs, for one job and a quarter of an hour: a browser's EventSource and <img> send no header.

A token may only read, and only the job it is for. It is a signature, so nothing is stored for it; it ends sooner when
the API key it was made with is revoked.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from pathlib import Path

from featurelens.jobs import atomic_file

LIFETIME = 900
"""Seconds: an address may end up in a browser's history or a proxy's log."""


class SignedUrls:
    """`secret` is a file that its owner alone can read, made when it is first needed, shared by all who serve."""

    def __init__(self, secret: Path) -> None:
        self._file = secret

    def issue(self, key: str, client: str) -> tuple[str, int]:
        """A token for the job `key`, and until when it is good (seconds since 1970). `client` asked; no dots."""
        expires = int(time.time()) + LIFETIME
        return f"{client}.{expires}.{self._signature(key, client, expires)}", expires

    def client(self, token: str, key: str) -> str | None:
        """Who was given `token` for the job `key`; None when nobody was, or it has expired."""
        client, _, rest = token.partition(".")
        expires, _, signature = rest.partition(".")
        if not re.fullmatch(r"\d{1,12}", expires, re.ASCII):
            return None
        good = hmac.compare_digest(self._signature(key, client, int(expires)).encode(), signature.encode())
        return client if good and int(expires) > time.time() else None

    def _signature(self, key: str, client: str, expires: int) -> str:
        return hmac.new(self._secret(), f"{key} {client} {expires}".encode(), hashlib.sha256).hexdigest()

    def _secret(self) -> bytes:
        """Whoever makes it at the same time as others reads the one that won."""
        if not self._file.exists():
            atomic_file.create(self._file, secrets.token_bytes(32), durable=True, mode=atomic_file.OWNER_ONLY)
        return self._file.read_bytes()
