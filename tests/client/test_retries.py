"""Requests are repeated until they are answered, and no work is asked for twice."""

from __future__ import annotations

import pytest

from featurelens.client.errors import NotAllowed, OverQuota, Unreachable
from featurelens.client.retries import answered, once, told
from featurelens.client.steps import Answer, Pause, Request
from featurelens.jobs.errors import FeaturelensError, InvalidSpec, QueueFull, StoreFull
from tests.support.played import Outcome, answer, played, problem

GET = Request("GET", "/v1/models")
POST = Request("POST", "/v1/visualizations", json={"model": "m"})
DELETE = Request("DELETE", "/v1/visualizations/fv1_")
UPLOAD = Request("POST", "/v1/photos", content=b"png")
LOST, UNSENT = Unreachable("it broke", sent=True), Unreachable("refused", sent=False)


@pytest.mark.parametrize("request_", [GET, once(POST), UPLOAD], ids=["get", "post", "upload"])
@pytest.mark.parametrize(
    "passing",
    [
        LOST,
        UNSENT,
        problem(503, "queue-full", retry_after="3"),
        problem(429, "over-quota", retry_after="3"),
        answer(502),
    ],
    ids=["lost", "unsent", "busy", "quota", "proxy"],
)
def test_what_passes_is_asked_again(request_: Request, passing: Outcome) -> None:
    found, steps = played(answered(request_, 60), [passing, passing, answer(200, {"a": 1})])
    assert found.status == 200
    requests = [step for step in steps if isinstance(step, Request)]
    assert requests == [request_] * 3  # the same Idempotency-Key each time
    pauses = [step.seconds for step in steps if isinstance(step, Pause)]
    assert len(pauses) == 2
    if isinstance(passing, Answer) and "retry-after" in passing.headers:
        assert pauses == [3, 3]


def test_each_question_has_a_key_of_its_own() -> None:
    keys = {once(POST).headers["Idempotency-Key"] for _ in range(100)}
    assert len(keys) == 100


@pytest.mark.parametrize("request_", [DELETE, POST], ids=["delete", "post without a key"])
def test_what_may_have_arrived_is_not_sent_again(request_: Request) -> None:
    with pytest.raises(Unreachable):
        played(answered(request_, 60), [LOST])
    found, _ = played(answered(request_, 60), [UNSENT, answer()])
    assert found.status == 200


def test_a_question_that_is_being_answered_is_asked_again() -> None:
    found, _ = played(answered(once(POST), 60), [LOST, problem(409, "being-asked"), answer(202)])
    assert found.status == 202


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (problem(422, "unknown-layer"), InvalidSpec),
        (problem(401, "not-authenticated"), NotAllowed),
        (problem(507, "store-full", retry_after="60"), StoreFull),
        (problem(500, "internal"), FeaturelensError),
        (answer(418), FeaturelensError),
    ],
)
def test_what_does_not_pass_is_raised_at_once(refusal: Outcome, kind: type[FeaturelensError]) -> None:
    with pytest.raises(kind):
        played(answered(once(POST), 60), [refusal])


def test_what_is_waited_for_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "featurelens.client")
    played(answered(GET, 60), [problem(503, "no-worker", retry_after="5"), answer()])
    assert caplog.messages == ["waiting 5.0 s: no-worker"]


def test_patience_ends() -> None:
    with pytest.raises(QueueFull) as raised:
        played(answered(GET, 60), [problem(503, "queue-full", retry_after="120")])
    assert raised.value.retry_after == 120
    with pytest.raises(OverQuota):
        played(answered(GET, 0), [problem(429, "over-quota")])


@pytest.mark.parametrize("content", [b"<html>", b"[]", b""])
def test_another_server_is_none_of_ours(content: bytes) -> None:
    strange = answer()
    with pytest.raises(Unreachable, match="no Featurelens"):
        played(told(GET, 0), [type(strange)(200, {}, content)])
