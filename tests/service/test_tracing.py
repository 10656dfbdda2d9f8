"""With an SDK, what a request has started is one trace, in the service and in the process that goes on with it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from redis import Redis

from featurelens.jobs import tracing
from featurelens.jobs.queue.job_queue import JobQueue
from tests.support.traces import exported
from tests.support.visualizations import BODY, KEY, URL
from tests.support.wait import until


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    with exported(monkeypatch) as spans:
        yield spans


def traced(exporter: InMemorySpanExporter, name: str) -> ReadableSpan:
    return until(lambda: next((one for one in exporter.get_finished_spans() if one.name == name), None), 10, name)


def record_trace(redis: Redis) -> str:
    ticket = JobQueue(redis).find(KEY)
    assert ticket is not None
    return ticket.record.trace


def test_without_an_sdk_nothing_is_written(client: httpx.Client, redis: Redis) -> None:
    client.post(URL, json=BODY)
    assert record_trace(redis) == ""


def test_one_trace(client: httpx.Client, redis: Redis, exporter: InMemorySpanExporter) -> None:
    client.post(URL, json=BODY)
    parent = record_trace(redis)
    with tracing.span("job", parent, key=KEY), tracing.span("store"):
        pass
    tracing.flush()
    request, job, store = (traced(exporter, name) for name in (f"POST {URL}", "job", "store"))
    assert job.attributes is not None
    assert job.attributes["featurelens.key"] == KEY
    assert request.context is not None
    assert job.context is not None
    assert store.parent is not None
    assert job.parent is not None
    assert {one.context.trace_id for one in (request, job, store) if one.context} == {request.context.trace_id}
    assert store.parent.span_id == job.context.span_id


def test_a_trace_begun_elsewhere_goes_on(client: httpx.Client, redis: Redis, exporter: InMemorySpanExporter) -> None:
    client.post(URL, json=BODY, headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})
    assert record_trace(redis).split("-")[1] == "a" * 32
    traced(exporter, f"POST {URL}")


def test_no_span_holds_a_token(client: httpx.Client, exporter: InMemorySpanExporter) -> None:
    client.get(f"{URL}/{KEY}/image", params={"token": "secret"})
    client.get("/livez")
    traced(exporter, "GET /livez")
    assert [one for one in exporter.get_finished_spans() if "secret" in str(dict(one.attributes or {}))] == []
