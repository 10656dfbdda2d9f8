"""Signatures by which a receiver knows that it is us who call, after Standard Webhooks 1.0.0 (standardwebhooks.com)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Self

from redis import Redis

from featurelens.jobs.settings import Settings
from featurelens.jobs.webhook_settings import SECRET_PREFIX
from featurelens.service.shared_secret import WEBHOOKS, SharedSecret

_BYTES = 32


class Signatures:
    """With each of `given`, as the setting has them; with none, by `kept`, which all services on a broker share.

    Several are for the time in which one replaces another: receivers accept a call that any of them has signed.
    """

    def __init__(self, given: Sequence[str], kept: SharedSecret) -> None:
        self._given = given
        self._kept = kept

    @classmethod
    def of(cls, settings: Settings, redis: Redis) -> Self:
        """As the settings say."""
        return cls(settings.webhook_secrets, SharedSecret(settings.webhook_secret_file, redis, WEBHOOKS, make=_made))

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
        """Raises OSError, or ValueError where what is kept is no secret."""
        texts = self._given or [self._kept.current().decode().strip()]
        return [base64.b64decode(one.removeprefix(SECRET_PREFIX)) for one in texts]


def _made() -> bytes:
    """As receivers are given it."""
    return SECRET_PREFIX.encode() + base64.b64encode(secrets.token_bytes(_BYTES))
