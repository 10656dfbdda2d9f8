"""Ticks in traces: few spans, which leave out no tick."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from featurelens.worker.protocol import Ask
from featurelens.worker.renderer.tick_spans import MOST, TickSpans
from featurelens.worker.renderer.work import Work
from tests.support.traces import exported
from tests.support.visualizations import KEY, SPEC

TRACE = f"00-{'a' * 32}-{'b' * 16}-01"


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    with exported(monkeypatch) as spans:
        yield spans


@dataclass
class Picture:
    """As much of a work as is looked at."""

    ask: Ask
    step: int = 0


def picture(steps: int, trace: str = TRACE) -> Picture:
    return Picture(Ask(key=KEY, spec=SPEC.model_copy(update={"steps": steps}), digest="d", trace=trace))


class Clock:
    """A millisecond passes whenever it is looked at."""

    now = 10**18

    def __call__(self) -> int:
        self.now += 1_000_000
        return self.now


def run(spans: TickSpans, ticks: int, *pictures: Picture) -> None:
    works = cast("list[Work]", list(pictures))
    for _ in range(ticks):
        with spans.tick(works):
            for one in pictures:
                one.step += 1


def told(exporter: InMemorySpanExporter) -> list[ReadableSpan]:
    return [span for span in exporter.get_finished_spans() if span.name == "ticks"]


def attribute(span: ReadableSpan, name: str) -> Any:
    return (span.attributes or {})[f"featurelens.{name}"]


@pytest.mark.parametrize(("steps", "number"), [(1, 1), (16, 16), (17, 9), (512, MOST), (4096, MOST)])
def test_few_spans_tell_of_all_ticks(exporter: InMemorySpanExporter, steps: int, number: int) -> None:
    spans, one = TickSpans(Clock()), picture(steps)
    run(spans, steps, one)
    spans.end(cast("list[Work]", [one]))
    found = told(exporter)
    assert len(found) == number
    assert sum(attribute(span, "ticks") for span in found) == steps
    assert attribute(found[-1], "step") == steps
    assert all(span.parent is not None and f"{span.parent.span_id:016x}" == "b" * 16 for span in found)
    assert all((first.end_time or 0) <= (then.start_time or 0) for first, then in pairwise(found))


def test_what_a_span_says(exporter: InMemorySpanExporter) -> None:
    spans, pictures = TickSpans(Clock()), [picture(16), picture(16, trace=""), picture(16)]
    run(spans, 1, *pictures)
    found = told(exporter)
    assert len(found) == 2, "nobody traces the second"
    assert [attribute(span, "works") for span in found] == [3, 3]
    assert all(attribute(span, "busy_milliseconds") >= 1 for span in found)


def test_what_is_dropped_is_told_as_far_as_it_came(exporter: InMemorySpanExporter) -> None:
    spans, one = TickSpans(Clock()), picture(512)
    run(spans, 40, one)
    for _ in range(2):
        spans.end(cast("list[Work]", [one]))
    assert [attribute(span, "ticks") for span in told(exporter)] == [32, 8]
