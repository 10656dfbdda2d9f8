"""What a driver does for an operation: the operation yields one of these and is sent what came of it.

An operation is a generator. It returns its result; what a driver meets is raised in it, as an error of
`featurelens.client.errors`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Request:
    """One request; comes back as an `Answer`, whatever its status."""

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    content: bytes


@dataclass(frozen=True)
class Pause:
    """Waits; comes back as None."""

    seconds: float


@dataclass(frozen=True)
class Listen:
    """Opens a stream of events in place of the last one. `silence` is how many seconds may pass without a byte."""

    path: str
    last_event_id: str
    silence: float


@dataclass(frozen=True)
class Hear:
    """The next event of the stream, or None at its end."""


@dataclass(frozen=True)
class Event:
    name: str
    id: str
    data: str


@dataclass(frozen=True)
class Emit:
    """For whoever iterates over the operation; comes back as None at once otherwise."""

    value: Any


Step = Request | Pause | Listen | Hear | Emit
Steps = Generator[Step, Any, T]
