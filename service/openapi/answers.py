"""What an endpoint answers, for its `responses=`: schema, example and links of each status."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from featurelens.service.event_stream import Event
from featurelens.service.openapi.headers import OF_LOOKS, OF_PROBLEMS
from featurelens.service.openapi.headers import headers as described
from featurelens.service.openapi.links import Links
from featurelens.service.problems import MEDIA_TYPE, example
from featurelens.service.schemas.events import Queued, Shown
from featurelens.service.schemas.job import Job, Progress

Answers = dict[int | str, dict[str, Any]]

BYTES = {"schema": {"type": "string", "format": "binary"}}


def answer(
    status: int,
    sample: BaseModel,
    description: str | None = None,
    links: Links | None = None,
    headers: Sequence[str] = (),
) -> Answers:
    """JSON such as `sample`, which is made by the code that makes the answers; `headers` are names."""
    content = {"application/json": {"example": sample.model_dump(mode="json")}}
    declared: dict[str, Any] = {"model": type(sample), "content": content}
    if description is not None:
        declared["description"] = description
    if links is not None:
        declared["links"] = links
    if headers:
        declared["headers"] = described(*headers)
    return {status: declared}


def binary(description: str, *media_types: str) -> Answers:
    """Bytes of one of the media types."""
    return {200: {"content": dict.fromkeys(media_types, BYTES), "description": description}}


def conditional(description: str, *media_types: str) -> Answers:
    """The same, or 304 (`service.responses`)."""
    headers = described("ETag", "Cache-Control")
    (known,) = binary(description, *media_types).values()
    return {200: {**known, "headers": headers}, 304: {"description": "you have it", "headers": headers}}


def looked(description: str, sample: BaseModel, *media_types: str) -> Answers:
    """Feature maps as pictures or numbers, with what headers say of them; as JSON such as `sample`."""
    types = media_types or ("image/png", "image/webp", "application/octet-stream")
    known = conditional(description, *types)
    known[200]["headers"] |= described(*OF_LOOKS)
    schema, example = type(sample).model_json_schema(), sample.model_dump(mode="json")
    known[200]["content"] = {**known[200]["content"], "application/json": {"schema": schema, "example": example}}
    return known


def event_stream(*states: Job) -> Answers:
    """The events of a job (`service.event_stream`), such as those of one that has been through these `states`."""
    job, example = type(states[0]), b"".join(Event(state).encoded() for state in states).decode()
    named: dict[str, type[BaseModel]] = {"progress": Progress}
    named |= dict.fromkeys(("succeeded", "failed", "cancelled"), job)
    events: dict[str, Any] = {name: {"$ref": f"#/components/schemas/{kind.__name__}"} for name, kind in named.items()}
    events |= {"queued": Queued.model_json_schema(), "preview": Shown.model_json_schema()}
    return {
        200: {
            "description": "events `queued`, `progress`, `preview`; in the end `succeeded`, `failed` or `cancelled`. "
            "`x-events` has the schema of the data of each",
            "content": {"text/event-stream": {"x-events": events, "example": example}},
        },
        204: {"description": "you have been told how it ended: do not come back"},
    }


def job_stream(example: str, *jobs: type[Job]) -> Answers:
    """The events of many jobs (`service.job_stream`)."""
    references = [{"$ref": f"#/components/schemas/{kind.__name__}"} for kind in jobs]
    events = {
        "job": {"anyOf": references},
        "unknown": {"type": "string", "description": "the key of an unknown job"},
    }
    return {
        200: {
            "description": "events `job` and `unknown`, until nothing more can come. `x-events` has the schema of the "
            "data of each",
            "content": {"text/event-stream": {"x-events": events, "example": example}},
        },
        204: {"description": "you have been told how all of them ended: do not come back"},
    }


def problems(*statuses: int) -> Answers:
    """Refusals and failures (`service.problems`)."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schema, "example": example(status).model_dump(mode="json")}},
            "headers": described(*OF_PROBLEMS.get(status, ())),
        }
        for status in statuses
    }


GUARDED: Answers = problems(401, 403, 421, 503)
"""What every endpoint may answer that states a scope."""
