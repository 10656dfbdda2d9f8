"""What is kept of a finished job, beside its pictures."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, SerializeAsAny, ValidationError, model_validator

from featurelens.jobs.kinds import with_spec
from featurelens.jobs.spec.base import JobSpec


class Image(BaseModel):
    """One PNG of a result: its size in pixels and the digest of its bytes; what it shows, where there are several."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: int
    height: int
    bytes: int
    sha256: str
    step: int | None = None
    """After how many steps; None on the contact sheet of all of them."""


class Result(BaseModel):
    """What is known about a finished job. `numbers` come from the renderer as they are; not every kind makes images."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    spec: SerializeAsAny[JobSpec]
    numbers: dict[str, Any]
    created: datetime
    started: datetime | None
    finished: datetime
    images: tuple[Image, ...]

    @model_validator(mode="before")
    @classmethod
    def _of_its_kind(cls, fields: Any) -> Any:
        return with_spec(fields)


def describe(
    key: str, spec: JobSpec, numbers: dict[str, Any], created: datetime, started: datetime | None = None
) -> Result:
    """A result without its images yet, finished now."""
    now = datetime.now(UTC)
    return Result(key=key, spec=spec, numbers=numbers, created=created, started=started, finished=now, images=())


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def unsealed(content: bytes, key: str) -> Result | None:
    """The result that `sealed` has written for `key`; None when it is damaged."""
    try:
        outer = json.loads(content)
        result = Result.model_validate_json(json.dumps(outer["result"]))
        return result if outer["sha256"] == _digest(outer["result"]) and result.key == key else None
    except (ValidationError, ValueError, KeyError, TypeError):
        return None


def sealed(result: Result) -> bytes:
    """As it is kept, with a digest of itself."""
    content = result.model_dump(mode="json")
    return json.dumps({"result": content, "sha256": _digest(content)}, indent=1).encode() + b"\n"
