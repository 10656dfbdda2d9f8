"""What is stored of a finished job, beside its images and files."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, ValidationError, model_validator

from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.kinds import with_spec
from featurelens.jobs.spec.base import JobSpec

VERSION = 1
"""Of what is stored. It rises when an older version would misread it; a field that is merely new is ignored there."""


class Image(BaseModel):
    """One PNG of a result: its size in pixels, the length and digest of its bytes, and the step it shows."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    width: int
    height: int
    bytes: int
    sha256: str
    step: int | None = None
    """The number of steps done; None on the contact sheet."""


FileName = Annotated[str, Field(pattern=r"^[a-z0-9-]+\.[a-z0-9]+$", max_length=60)]
"""Of a file of a result, such as ``maps.safetensors``."""


class File(BaseModel):
    """One file of a result, for what is neither a number to read nor a picture: arrays, tables."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: FileName
    media_type: str
    bytes: int
    sha256: str


class Result(BaseModel):
    """The result of one job. `numbers` are those of the renderer, unchanged; not every kind has images or files."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    key: str
    spec: SerializeAsAny[JobSpec]
    numbers: dict[str, Any]
    created: datetime
    started: datetime | None
    finished: datetime
    images: tuple[Image, ...]
    files: tuple[File, ...] = ()

    def file(self, name: str) -> File | None:
        """What is known of its file of this name; None when it has none."""
        return next((file for file in self.files if file.name == name), None)

    @model_validator(mode="before")
    @classmethod
    def _of_its_kind(cls, fields: Any) -> Any:
        return with_spec(fields)


def describe(
    key: str, spec: JobSpec, numbers: dict[str, Any], created: datetime, started: datetime | None = None
) -> Result:
    """A result finished now, its images and files yet to be added."""
    now = datetime.now(UTC)
    return Result(key=key, spec=spec, numbers=numbers, created=created, started=started, finished=now, images=())


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def unsealed(content: bytes, key: str) -> Result | None:
    """The result in what `sealed` wrote for `key`; None when it is damaged.

    Raises `OtherVersion` for one that is whole, and says what this version does not understand.
    """
    try:
        outer = json.loads(content)
        inner, version = outer["result"], outer.get("version", VERSION)
        whole = outer["sha256"] == _digest(inner) and inner["key"] == key
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if not whole:
        return None
    try:
        if version != VERSION:
            raise OtherVersion.of("this result")
        return Result.model_validate_json(json.dumps(inner))
    except ValidationError as error:
        raise OtherVersion.of("this result") from error


def sealed(result: Result) -> bytes:
    """JSON of the result and of its digest, as it is stored."""
    content = result.model_dump(mode="json")
    return json.dumps({"version": VERSION, "result": content, "sha256": _digest(content)}, indent=1).encode() + b"\n"
