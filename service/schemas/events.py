"""What server-sent events carry, besides the progress and the resource of a job."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from featurelens.service.schemas.address import Address

WaitingFor = Literal["other-version"]

WAITING_FOR = (
    "what it needs before it gets a position; only while queued. other-version: a worker that understands it, as none "
    "of those here does"
)


class Queued(BaseModel):
    """It waits for its turn."""

    position: int | None = Field(description="place in the queue, 1 is next")
    waiting_for: WaitingFor | None = Field(None, description=WAITING_FOR)


class Shown(BaseModel):
    """There is a new preview."""

    url: Address
