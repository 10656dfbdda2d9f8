"""Every request has a name, under which the log says what became of it."""

from __future__ import annotations

import re

import httpx
import pytest
from redis import Redis

from featurelens.jobs.queue.job_queue import JobQueue
from tests.support.visualizations import BODY, KEY, URL


def test_requests_have_names(client: httpx.Client, redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    given = client.post(URL, json=BODY, headers={"X-Request-ID": "mine-1"})
    assert given.headers["x-request-id"] == "mine-1"
    made = client.get("/livez", headers={"X-Request-ID": "not a name"}).headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{32}", made)
    ticket = JobQueue(redis).find(KEY)
    assert ticket is not None
    said = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    line = next(line for line in said if line.get("request") == "mine-1")
    assert (line["key"], line["attempt"]) == (KEY, ticket.record.attempt)
    assert (line["status"], line["client"]) == (202, "127.0.0.1")
