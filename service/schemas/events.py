"""What server-sent events carry, besides the progress and the resource of a job."""

from __future__ import annotations

from pydantic import BaseModel, Field

from featurelens.service.schemas.address import Address


class Queued(BaseModel):
    """It waits for its turn."""

    position: int | None = Field(description="place in the queue, 1 is next")


class Shown(BaseModel):
    """There is a new preview."""

    url: Address
