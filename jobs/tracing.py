"""Traces: what a request has started, in whichever process it goes on.

Only the interface of OpenTelemetry is used: without an SDK, which the operator installs and configures (`OTEL_...`),
nothing is measured and nothing sent. The service's own spans are FastAPI's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import propagate, trace

_PARENT = "traceparent"
_FLUSH_MILLISECONDS = 2000


def carried() -> str:
    """The trace that this is done for, as W3C's `traceparent`; empty where nothing is traced."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier.get(_PARENT, "")


@contextmanager
def span(name: str, parent: str = "", **attributes: str | int) -> Iterator[None]:
    """What is done within it takes so long. `parent`: what `carried` said elsewhere."""
    context = propagate.extract({_PARENT: parent}) if parent else None
    told = {f"featurelens.{key}": value for key, value in attributes.items()}
    with trace.get_tracer("featurelens").start_as_current_span(name, context, attributes=told):
        yield


def record(name: str, parent: str, begun: int, ended: int, **attributes: str | int) -> None:
    """What was done from `begun` to `ended`, in nanoseconds since 1970; `parent` and `attributes` as for `span`."""
    told = {f"featurelens.{key}": value for key, value in attributes.items()}
    context = propagate.extract({_PARENT: parent})
    trace.get_tracer("featurelens").start_span(name, context, start_time=begun, attributes=told).end(ended)


def flush() -> None:
    """Sends what has been measured: a slot's process ends without notice after each job."""
    send = getattr(trace.get_tracer_provider(), "force_flush", None)
    if send is not None:
        send(_FLUSH_MILLISECONDS)
