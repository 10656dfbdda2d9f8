"""What a driver does for an operation: the operation yields one of these and is sent what came of it.

An operation is a generator. It returns its result; what a driver meets is raised in it, as an error of
`featurelens.client.errors`. A `Course` keeps both ends together.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from featurelens.jobs.errors import FeaturelensError

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


class Course(Generic[T]):
    """An operation on its way. `came` or `failed` is set before the `next` step; the `result` is there at the end."""

    result: T

    def __init__(self, steps: Steps[T]) -> None:
        self._steps = steps
        self.came: Any = None
        self.failed: FeaturelensError | None = None

    def next(self) -> Step | None:
        """What is to be done now; None at the end. Raises what the operation does not bear with."""
        came, failed, self.came, self.failed = self.came, self.failed, None, None
        try:
            return self._steps.send(came) if failed is None else self._steps.throw(failed)
        except StopIteration as end:
            self.result = end.value
            return None
