"""From answers to errors: those of `featurelens.jobs.errors` by their `code`, and those that only a client meets.

FeaturelensError
├── BadRequest             what was sent cannot be understood: no JSON, too large, another method
├── NotAllowed             no API key, a wrong one, or one that may not do this
├── Cancelled              the job was stopped, by somebody who asked for it too or by its operator
├── TimedOut               it has not ended within the time that was given; it goes on
└── Unavailable            (of `jobs.errors`)
    ├── OverQuota          more than one client may ask for in a minute
    └── Unreachable        nobody answers under this address, or what answers is no Featurelens
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from featurelens.jobs.errors import (
    BY_CODE,
    Fault,
    FeaturelensError,
    InvalidSpec,
    NotFound,
    NotReady,
    RenderFailed,
    StoreFull,
    Unavailable,
)

_TYPE = "urn:featurelens:problem:"


class BadRequest(FeaturelensError):
    code = "bad-request"
    title = "The request cannot be understood"


class NotAllowed(FeaturelensError):
    code = "not-allowed"
    title = "Not allowed"


class Cancelled(FeaturelensError):
    code = "cancelled"
    title = "It was stopped"


class TimedOut(FeaturelensError):
    """`key` names the job, which goes on."""

    code = "timed-out"
    title = "It takes longer than it was given"

    def __init__(self, detail: str, key: str) -> None:
        super().__init__(detail)
        self.key = key


class OverQuota(Unavailable):
    code = "over-quota"
    title = "Too many requests"
    retry_after = 60


class Unreachable(Unavailable):
    """`sent`: the request may have arrived all the same."""

    code = "unreachable"
    title = "No answer"
    retry_after = 1

    def __init__(self, detail: str, *, sent: bool = False) -> None:
        super().__init__(detail)
        self.sent = sent


_BY_STATUS: dict[int, type[FeaturelensError]] = {
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    409: NotReady,
    422: InvalidSpec,
    429: OverQuota,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
    507: StoreFull,
}


def error_of(status: int, headers: Mapping[str, str], content: bytes) -> FeaturelensError:
    """The error that an answer with this status is, its `code` that of the answer, however new."""
    problem = _problem(content)
    code = str(problem.get("type", "")).removeprefix(_TYPE)
    kind = BY_CODE.get(code) or _BY_STATUS.get(status) or (BadRequest if status < 500 else FeaturelensError)
    detail = str(problem.get("detail") or f"the answer has the status {status}, and says no more")
    error = kind(detail, tuple(map(_fault, problem.get("errors", ()))))
    error.code = code or error.code
    if isinstance(error, Unavailable) and headers.get("retry-after", "").isdecimal():
        error.retry_after = int(headers["retry-after"])
    return error


def ending_of(resource: Mapping[str, Any]) -> FeaturelensError:
    """Why a job that has ended has no result."""
    if resource["status"] == "cancelled":
        return Cancelled("it was stopped before it was finished; ask for it again to begin anew")
    told = resource.get("error") or {}
    code = told.get("code", "")
    error = BY_CODE.get(code, RenderFailed)(told.get("detail", "it failed"))
    error.code = code or error.code
    return error


def _problem(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _fault(told: Mapping[str, Any]) -> Fault:
    return Fault(told.get("pointer", ""), told.get("detail", ""), tuple(told.get("valid", ())))
