"""Tokens in URLs, for one job and a quarter of an hour: a browser's EventSource and <img> send no header.

A token may only read, and only the job it is for. It is a signature, so nothing is stored for it; it ends sooner when
the API key it was made with is revoked.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import time
from contextlib import suppress
from pathlib import Path

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
        """Made aside and linked into place, so that of several who make it at once one wins, whole."""
        if not self._file.exists():
            self._file.parent.mkdir(parents=True, exist_ok=True)
            part = self._file.with_name(f".{self._file.name}.{secrets.token_hex(8)}")
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(32))
            with suppress(FileExistsError):
                self._file.hardlink_to(part)
            part.unlink()
        return self._file.read_bytes()
