"""Signatures by which a receiver knows that it is us who call, after Standard Webhooks 1.0.0 (standardwebhooks.com)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from pathlib import Path

from featurelens.jobs import atomic_file
from featurelens.jobs.webhook_settings import SECRET_PREFIX

_BYTES = 32


class Signatures:
    """With each of `given`, as the setting has them; with none, by the secret in `file`, made when first needed.

    Several are for the time in which one replaces another: receivers accept a call that any of them has signed.
    """

    def __init__(self, given: Sequence[str], file: Path) -> None:
        self._given = given
        self._file = file

    def headers(self, id: str, moment: int, body: bytes) -> dict[str, str]:
        """Of a call: `id` is the same each time it is tried, `moment` (seconds since 1970) is that of this try."""
        signed = f"{id}.{moment}.".encode() + body
        signatures = (hmac.digest(secret, signed, hashlib.sha256) for secret in self._secrets())
        return {
            "webhook-id": id,
            "webhook-timestamp": str(moment),
            "webhook-signature": " ".join(f"v1,{base64.b64encode(one).decode()}" for one in signatures),
        }

    def _secrets(self) -> list[bytes]:
        return [base64.b64decode(one.removeprefix(SECRET_PREFIX)) for one in self._given or [self._kept()]]

    def _kept(self) -> str:
        return atomic_file.kept(self._file, _made, mode=atomic_file.OWNER_ONLY).decode().strip()


def _made() -> bytes:
    return SECRET_PREFIX.encode() + base64.b64encode(secrets.token_bytes(_BYTES))
