"""Waiting for a job: by events, by asking where there are none, for as long as was said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from featurelens.client.errors import Cancelled, TimedOut, Unreachable
from featurelens.client.progress import Progress
from featurelens.client.steps import Emit, Event, Hear, Listen, Pause, Request, Step
from featurelens.client.watching import FRUITLESS, SILENCE, ended, swept
from featurelens.jobs.errors import NotFound, RenderFailed
from tests.support.played import answer, played, problem

PATH = "/v1/visualizations/fv1_0"
QUEUED = answer(told={"key": "fv1_0", "status": "queued", "position": 2})
RUNNING = answer(told={"key": "fv1_0", "status": "running", "progress": {"step": 3, "steps": 8}})
DONE = answer(told={"key": "fv1_0", "status": "succeeded", "numbers": {}})


def event(name: str, id: str = "", **told: Any) -> Event:
    return Event(name, id, json.dumps(told))


def kinds(steps: list[Step]) -> list[type]:
    return [type(step) for step in steps if not isinstance(step, Emit)]


def test_events_are_heard_to_the_end() -> None:
    heard: list[Progress] = []
    events = [
        event("queued", "a", position=1, waiting_for=None),
        event("queued", "b", position=None, waiting_for="other-version"),
        event("progress", "b", stage="rendering", step=1, steps=8, score=0.5, seconds_left=None, of_the_future=1),
        event("preview", url="/x"),
        event("succeeded", "c", key="fv1_0"),
    ]
    resource, steps = played(ended(PATH, None, 60, heard.append), [QUEUED, None, *events, DONE])
    assert resource["status"] == "succeeded"
    assert kinds(steps) == [Request, Listen, Hear, Hear, Hear, Hear, Hear, Request]
    assert [(one.status, one.step, one.position, one.waiting_for) for one in heard] == [
        ("queued", 0, 2, None),
        ("queued", 0, 1, None),
        ("queued", 0, None, "other-version"),
        ("running", 1, None, None),
        ("succeeded", 0, None, None),
    ]
    assert [step.value for step in steps if isinstance(step, Emit)] == heard


def test_a_broken_stream_is_taken_up_where_it_was() -> None:
    broken = Unreachable("it broke", sent=True)
    first, second = [None, event("progress", "b", step=1, steps=8), broken], [None, event("succeeded", "c")]
    _, steps = played(ended(PATH, None, 60), [RUNNING, *first, RUNNING, *second, DONE])
    streams = [step for step in steps if isinstance(step, Listen)]
    assert [stream.last_event_id for stream in streams] == ["", "b"]


@pytest.mark.parametrize("nothing", [Unreachable("silence", sent=True), NotFound("no events here"), None])
def test_where_no_stream_tells_anything_it_is_asked(nothing: Any) -> None:
    stream = [nothing] if isinstance(nothing, Exception) else [None, None]
    outcomes = [*([RUNNING, *stream] * FRUITLESS), *([RUNNING] * 5), DONE]
    _, steps = played(ended(PATH, None, 60), outcomes)
    assert kinds(steps).count(Listen) == FRUITLESS
    pauses = [step.seconds for step in steps if isinstance(step, Pause)]
    assert pauses == sorted(pauses)
    assert len(pauses) == FRUITLESS + 5


def test_time_runs_out_and_the_job_goes_on() -> None:
    with pytest.raises(TimedOut) as raised:
        played(ended(PATH, 0.0, 60), [RUNNING])
    assert raised.value.key == "fv1_0"
    resource, _ = played(ended(PATH, 0.0, 60), [DONE])  # what is there is there
    assert resource["status"] == "succeeded"


def test_a_stream_is_not_listened_to_beyond_the_time() -> None:
    """Shorter than its silence may last: it is asked instead."""
    _, steps = played(ended(PATH, SILENCE / 2, 60), [RUNNING, RUNNING, DONE])
    assert Listen not in kinds(steps)


def test_an_end_without_a_result_is_an_error() -> None:
    failed = answer(told={"key": "k", "status": "failed", "error": {"code": "render-failed", "detail": "NaN"}})
    with pytest.raises(RenderFailed, match="NaN"):
        played(ended(PATH, None, 60), [failed])
    with pytest.raises(Cancelled):
        played(ended(PATH, None, 60), [answer(told={"key": "k", "status": "cancelled"})])
    with pytest.raises(NotFound):
        played(ended(PATH, None, 60), [problem(404, "not-found")])


def test_a_sweep_is_asked_until_nothing_is_left() -> None:
    def sweep(status: str, **counts: int) -> Any:
        return answer(told={"id": "s", "status": status, "total": 3, "counts": counts})

    heard: list[Progress] = []
    outcomes = [
        sweep("underway", queued=3),
        sweep("underway", running=1, succeeded=1, failed=1),
        sweep("finished", succeeded=2, failed=1),
    ]
    resource, _ = played(swept("/v1/sweeps/s", None, 60, heard.append), outcomes)
    assert resource["status"] == "finished"
    assert [(one.step, one.steps) for one in heard] == [(0, 3), (2, 3), (3, 3)]
    with pytest.raises(TimedOut):
        played(swept("/v1/sweeps/s", 0.0, 60), outcomes[:1])
