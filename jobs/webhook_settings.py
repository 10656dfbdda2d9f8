"""Settings of webhooks: who may be called back, and how that is signed."""

from __future__ import annotations

import re
from base64 import b64decode
from ipaddress import ip_network

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

PLAIN = "http://"
"""Before a host that may be called back without TLS."""

_HOST_PATTERN = r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*"

SECRET_PREFIX = "whsec_"


def listed(text: str) -> tuple[str, ...]:
    """What a setting names, with commas between."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


class WebhookSettings(BaseSettings):
    """A part of `jobs.settings.Settings`."""

    webhook_hosts: str = ""
    """Who may be told of finished jobs, such as ``hooks.example.org,*.example.com``; addresses that are not of the
    public Internet by number, ``10.1.2.3`` or ``10.0.0.0/8``; with ``http://`` before it: without TLS, too."""
    webhook_secret: str = Field("", repr=False)
    """By which that is signed, ``whsec_`` and 24 to 64 bytes in base64; several while one replaces another. Left out:
    one that services on a broker share, made at first use."""

    @field_validator("webhook_hosts")
    @classmethod
    def _hosts(cls, hosts: str) -> str:
        for host in listed(hosts.lower()):
            bare = host.removeprefix(PLAIN)
            try:
                ip_network(bare)
            except ValueError:
                if not re.fullmatch(_HOST_PATTERN, bare):
                    raise ValueError(f"{host} is neither a host nor a network; *.example.org would be one") from None
        return hosts.lower()

    @field_validator("webhook_secret")
    @classmethod
    def _secrets(cls, secrets: str) -> str:
        for secret in listed(secrets):
            try:
                size = len(b64decode(secret.removeprefix(SECRET_PREFIX), validate=True))
            except ValueError:
                size = 0
            if not secret.startswith(SECRET_PREFIX) or not 24 <= size <= 64:
                raise ValueError(f"no secret: {SECRET_PREFIX} and 24 to 64 bytes in base64")
        return secrets

    @property
    def called_back(self) -> tuple[str, ...]:
        return listed(self.webhook_hosts)

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        return listed(self.webhook_secret)
