"""What every error looks like over HTTP."""

from __future__ import annotations

from typing import Any

import httpx


def check(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The one assertion for the shape of every error."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    problem: dict[str, Any] = answer.json()
    assert set(problem) == {"type", "title", "status", "detail", "errors"}
    assert (problem["type"], problem["status"]) == (f"urn:featurelens:problem:{code}", status)
    assert problem["title"]
    assert "Traceback" not in answer.text
    for fault in problem["errors"]:
        assert set(fault) == {"pointer", "detail", "valid"}
    for detail in (problem["detail"], *(fault["detail"] for fault in problem["errors"])):
        assert detail == detail.strip()
        assert detail[:1] not in {"", ":", ";", ","}
        assert "; : " not in detail
        assert not detail.endswith((": ", ":", ";"))
    return problem
