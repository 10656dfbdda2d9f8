"""Plays an operation of the client without any network: what came of each step is written down beforehand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeVar

from featurelens.client.steps import Answer, Course, Emit, Event, Pause, Step, Steps
from featurelens.jobs.errors import FeaturelensError

T = TypeVar("T")
Outcome = Answer | Event | FeaturelensError | None
"""Of a request or of a stream; an error is raised in the operation."""


def answer(status: int = 200, told: Any = None, **headers: str) -> Answer:
    """`told` as JSON; underscores in the names of headers are dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, json.dumps({} if told is None else told).encode())


def problem(status: int, code: str, **headers: str) -> Answer:
    return answer(status, {"type": f"urn:featurelens:problem:{code}", "detail": code, "errors": []}, **headers)


def played(steps: Steps[T], outcomes: Sequence[Outcome]) -> tuple[T, list[Step]]:
    """The result, and all steps that were taken. Every outcome must have been asked for. Pauses take no time."""
    course, taken, left = Course(steps), list[Step](), list(outcomes)
    while (step := course.next()) is not None:
        taken.append(step)
        if isinstance(step, Pause | Emit):
            continue
        assert left, f"nothing is written down for {step}"
        outcome = left.pop(0)
        if isinstance(outcome, FeaturelensError):
            course.failed = outcome
        else:
            course.came = outcome
    assert left == []
    return course.result, taken
