"""Errors over HTTP become those that they were."""

from __future__ import annotations

import json

import pytest

from featurelens.client.errors import BadRequest, Cancelled, NotAllowed, OverQuota, ending_of, error_of
from featurelens.jobs.errors import (
    BY_CODE,
    FeaturelensError,
    InvalidSpec,
    ModelLoadFailed,
    NotFound,
    RenderFailed,
    Unavailable,
    UnknownLayer,
)
from featurelens.service.problems import STATUS, TYPE


def body(code: str, **more: object) -> bytes:
    return json.dumps({"type": TYPE + code, "title": "t", "status": 0, "detail": "why", **more}).encode()


@pytest.mark.parametrize("kind", BY_CODE.values(), ids=lambda kind: kind.code)
def test_every_error_of_the_service_comes_back(kind: type[FeaturelensError]) -> None:
    status = next(STATUS[parent] for parent in kind.__mro__ if parent in STATUS)
    error = error_of(status, {}, body(kind.code))
    assert type(error) is kind
    assert (error.code, error.detail) == (kind.code, "why")


def test_it_carries_what_is_valid() -> None:
    faults = [{"pointer": "/layer", "detail": "no", "valid": ["conv1", "conv2"]}, {"pointer": "/steps", "detail": "<"}]
    error = error_of(422, {}, body("unknown-layer", errors=faults))
    assert isinstance(error, UnknownLayer)
    assert [(fault.pointer, fault.detail) for fault in error.errors] == [("/layer", "no"), ("/steps", "<")]
    assert error.valid == ("conv1", "conv2")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, NotAllowed),
        (404, NotFound),
        (413, BadRequest),
        (422, InvalidSpec),
        (429, OverQuota),
        (503, Unavailable),
        (504, Unavailable),
        (500, FeaturelensError),
    ],
)
@pytest.mark.parametrize("content", [body("of-the-future"), b"<html>a proxy", b"[1]"])
def test_what_is_not_known_is_told_by_its_status(status: int, kind: type[FeaturelensError], content: bytes) -> None:
    error = error_of(status, {"retry-after": "7"}, content)
    assert type(error) is kind
    assert error.detail
    if content.startswith(b"{"):
        assert error.code == "of-the-future"
    if isinstance(error, Unavailable):
        assert error.retry_after == 7


def test_a_date_to_ask_again_is_left_aside() -> None:
    error = error_of(503, {"retry-after": "Fri, 27 Nov 2026 10:00:00 GMT"}, b"")
    assert isinstance(error, Unavailable)
    assert error.retry_after == Unavailable.retry_after


@pytest.mark.parametrize(
    ("resource", "kind", "code"),
    [
        (
            {"status": "failed", "error": {"code": "model-load-failed", "detail": "x"}},
            ModelLoadFailed,
            "model-load-failed",
        ),
        ({"status": "failed", "error": {"code": "of-the-future", "detail": "x"}}, RenderFailed, "of-the-future"),
        ({"status": "failed", "error": None}, RenderFailed, "render-failed"),
        ({"status": "cancelled"}, Cancelled, "cancelled"),
    ],
)
def test_why_a_job_has_no_result(resource: dict[str, object], kind: type[FeaturelensError], code: str) -> None:
    error = ending_of(resource)
    assert type(error) is kind
    assert error.code == code
