"""What follows from the settings."""

from __future__ import annotations

import pytest

from featurelens.jobs.settings import Settings


@pytest.mark.parametrize(
    ("host", "auth", "required"),
    [
        ("127.0.0.1", "auto", False),
        ("::1", "auto", False),
        ("localhost", "auto", False),
        ("0.0.0.0", "auto", True),
        ("192.0.2.1", "auto", True),
        ("somewhere.example", "auto", True),
        ("0.0.0.0", "off", False),
        ("127.0.0.1", "on", True),
    ],
)
def test_when_keys_are_asked_for(host: str, auth: str, required: bool) -> None:
    settings = Settings.model_validate({"host": host, "auth": auth})
    assert settings.auth_required is required
