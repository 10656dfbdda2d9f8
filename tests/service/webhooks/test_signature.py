"""The library of Standard Webhooks, which knows nothing of us, accepts our signatures."""

from __future__ import annotations

import base64
import time
from pathlib import Path

import pytest
from pydantic import ValidationError
from redis import Redis
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from featurelens.jobs.queue.broker import connect
from featurelens.jobs.settings import Settings
from featurelens.service.shared_secret import WEBHOOKS, SharedSecret
from featurelens.service.webhooks.signature import Signatures

BODY = '{"status": "succeeded", "label": "Zwölf"}'.encode()
NEW, OLD = (f"whsec_{base64.b64encode(bytes([number]) * 24).decode()}" for number in (1, 2))
NOBODY = connect("redis://127.0.0.1:1")
"""A broker that is away."""


def test_a_known_signature(tmp_path: Path) -> None:
    """As `openssl dgst -sha256 -mac hmac` has it, with a key of 24 times the byte 1."""
    made = Signatures([NEW], SharedSecret(tmp_path / "none", NOBODY, WEBHOOKS)).headers("msg_1", 1700000000, b"{}")
    assert made == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1700000000",
        "webhook-signature": "v1,xw1cY1xdoqrK+MlQLDPbSB5pvSIi6K4Pe82bh9fr3YM=",
    }


def test_either_secret_will_do_while_one_replaces_the_other(tmp_path: Path) -> None:
    headers = Signatures([NEW, OLD], SharedSecret(tmp_path / "none", NOBODY, WEBHOOKS)).headers(
        "msg_1", int(time.time()), BODY
    )
    for secret in (NEW, OLD):
        assert Webhook(secret).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(BODY + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(f"whsec_{base64.b64encode(bytes(24)).decode()}").verify(BODY, headers)


def test_services_without_one_agree_on_one_for_their_owners_alone(redis: Redis, tmp_path: Path) -> None:
    """Each had another one before they came to the same broker."""
    files = [tmp_path / name / "webhook.secret" for name in ("one", "other")]
    moment = int(time.time())
    apart = [headers_of(file, NOBODY, moment) for file in files]
    assert apart[0] != apart[1]
    headers = [headers_of(file, redis, moment) for file in files]
    assert headers[0] == headers[1] == apart[0]
    assert files[0].read_text() == files[1].read_text()
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert Webhook(files[1].read_text()).verify(BODY, headers[0])


def headers_of(file: Path, redis: Redis, moment: int) -> dict[str, str]:
    return Signatures.of(Settings(state=file.parent), redis).headers("msg_1", moment, BODY)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_AAAA", f"{NEW},x", NEW.removeprefix("whsec_"), "whsec_!"])
def test_a_secret_that_is_none(secret: str) -> None:
    with pytest.raises(ValidationError, match="no secret") as caught:
        Settings(webhook_secret=secret)
    assert "24 to 64 bytes" in str(caught.value)
