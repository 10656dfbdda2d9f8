"""What is known of one job while it is in flight and for a while after: the fields of its record in Redis."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from featurelens.jobs import tracing
from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.kinds import kind_of
from featurelens.jobs.queue.moves import RECORD
from featurelens.jobs.queue.router import Demand
from featurelens.jobs.spec.base import JobSpec

Status = Literal["queued", "running", "cancelling", "succeeded", "failed", "cancelled"]

JOINABLE = frozenset({"queued", "running", "storing"})
"""Another asker may join these; a job that is being cancelled gives way to a new attempt."""

IN_FLIGHT = JOINABLE | {"cancelling"}

VERSION = 1
"""Of what a record says. It rises when an older version would misread it; one that is merely new is ignored there."""


def record_key(key: str) -> str:
    """The Redis key of the record of job `key`."""
    return RECORD + key


class Record(BaseModel):
    """One attempt at a job. Times are UTC; `score` is that of the objective at the latest step reported."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    status: Status | Literal["storing"]
    attempt: str
    spec: JobSpec
    digest: str
    created: datetime
    started: datetime | None = None
    finished: datetime | None = None
    stage: str | None = None
    step: int = 0
    steps: int
    score: float | None = None
    error_code: str | None = None
    error_detail: str | None = None
    askers: int = 1
    queue: str | None = None
    seconds_left: float | None = None
    downloaded: int | None = None
    """Bytes of the network's weights that have come, while they do."""
    download_size: int | None = None
    preview: int | None = None
    """The step that the latest preview shows."""
    lane: str = ""
    needs: tuple[str, ...] = ()
    memory: int = 0
    """These three as in `Demand`; those of a version from before do not say them."""
    trace: str = ""
    """That of the request which started the attempt (`jobs.tracing`)."""

    @property
    def in_flight(self) -> bool:
        return self.status in IN_FLIGHT

    @property
    def joinable(self) -> bool:
        return self.status in JOINABLE

    def demand(self, key: str) -> Demand:
        """What decides who can make it; `key` is that of the record."""
        kind = kind_of(key)
        return Demand(self.lane or kind.lane(self.spec, self.digest), kind.name, self.needs, self.memory)

    @property
    def public_status(self) -> Status:
        """`status` as clients know it: to them storing is part of running."""
        return "running" if self.status == "storing" else self.status


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def opening(key: str, spec: JobSpec, digest: str, attempt: str, queue: str, demand: Demand) -> dict[str, str | int]:
    """The fields of a new record: queued, one asker."""
    traced = tracing.carried()
    return {
        "version": VERSION,
        "status": "queued",
        "attempt": attempt,
        "spec": spec.model_dump_json(),
        "digest": digest,
        "created": now(),
        "steps": kind_of(key).steps(spec),
        "askers": 1,
        "queue": queue,
        "lane": demand.lane,
        "needs": "\n".join(demand.needs),
        "memory": demand.memory,
        **({"trace": traced} if traced else {}),
    }


def parse(key: str, fields: dict[bytes, bytes]) -> Record | None:
    """A record from its hash; empty strings are values not known yet. None when the hash is empty or incomplete.

    Raises `OtherVersion` when it says what this version does not understand: a field of the spec, a status, a kind.
    """
    values: dict[str, Any] = {name.decode(): value.decode() for name, value in fields.items() if value}
    if "attempt" not in values or "spec" not in values:
        return None
    try:
        if int(values.get("version", VERSION)) > VERSION:
            raise OtherVersion.of("the record of this job")
        if "needs" in values:
            values["needs"] = values["needs"].split("\n")
        values["spec"] = kind_of(key).spec.model_validate(json.loads(values["spec"]))
        return Record.model_validate(values)
    except ValueError as error:
        raise OtherVersion.of("the record of this job") from error
