"""The library of Standard Webhooks, which knows nothing of us, accepts our signatures."""

from __future__ import annotations

import base64
import time
from pathlib import Path

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from featurelens.jobs.settings import Settings
from featurelens.service.webhooks.signature import Signatures

BODY = '{"status": "succeeded", "label": "Zwölf"}'.encode()
NEW, OLD = (f"whsec_{base64.b64encode(bytes([number]) * 24).decode()}" for number in (1, 2))


def test_a_known_signature(tmp_path: Path) -> None:
    """As `openssl dgst -sha256 -mac hmac` has it, with a key of 24 times the byte 1."""
    made = Signatures([NEW], tmp_path / "none").headers("msg_1", 1700000000, b"{}")
    assert made == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1700000000",
        "webhook-signature": "v1,xw1cY1xdoqrK+MlQLDPbSB5pvSIi6K4Pe82bh9fr3YM=",
    }


def test_either_secret_will_do_while_one_replaces_the_other(tmp_path: Path) -> None:
    headers = Signatures([NEW, OLD], tmp_path / "none").headers("msg_1", int(time.time()), BODY)
    for secret in (NEW, OLD):
        assert Webhook(secret).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(BODY + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(f"whsec_{base64.b64encode(bytes(24)).decode()}").verify(BODY, headers)


def test_without_one_it_is_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "webhook.secret"
    headers = [Signatures([], file).headers("msg_1", int(time.time()), BODY) for _ in range(2)]
    assert headers[0] == headers[1]
    assert file.stat().st_mode & 0o777 == 0o600
    assert Webhook(file.read_text()).verify(BODY, headers[0])


@pytest.mark.parametrize("secret", ["whsec_", "whsec_AAAA", f"{NEW},x", NEW.removeprefix("whsec_"), "whsec_!"])
def test_a_secret_that_is_none(secret: str) -> None:
    with pytest.raises(ValidationError, match="no secret") as caught:
        Settings(webhook_secret=secret)
    assert "24 to 64 bytes" in str(caught.value)
