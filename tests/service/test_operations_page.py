"""docs/operations.md says what is true: its settings exist and have these defaults, its alerts watch what is there."""

from __future__ import annotations

import re

import httpx
import pytest
from redis import Redis

from featurelens.jobs.queue import stats
from featurelens.jobs.settings import Settings
from tests.support.paths import ROOT
from tests.support.stats import RENDERER

PAGE = (ROOT / "docs" / "operations.md").read_text()
BOUNDS = ("limit", "quota", "connections", "bytes", "seconds")
"""Settings whose names end in one of these bound something; memory for networks is no limit to anybody's request."""


def test_every_limit_is_told_with_its_default() -> None:
    told = dict(re.findall(r"^\| `FEATURELENS_([A-Z_]+)` \| (\d+)", PAGE, re.MULTILINE))
    there = {name: field.default for name, field in Settings.model_fields.items() if name.endswith(BOUNDS)}
    del there["networks_bytes"]
    assert {name.lower(): int(value) for name, value in told.items()} == there


@pytest.mark.parametrize("name", sorted(set(re.findall(r"FEATURELENS_([A-Z_]+)", PAGE))))
def test_every_setting_exists(name: str) -> None:
    assert name.lower() in Settings.model_fields


def test_every_alert_watches_what_is_there(client: httpx.Client, redis: Redis) -> None:
    stats.publish_renderer(redis, RENDERER)
    shown = client.get("/metrics").text
    for name in set(re.findall(r"featurelens_\w+", PAGE)):
        assert re.search(rf"^# TYPE {name} ", shown, re.MULTILINE), name
