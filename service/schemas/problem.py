"""What the API says when it refuses or fails (RFC 9457)."""

from __future__ import annotations

from pydantic import BaseModel, Field

from featurelens.service.schemas.address import Told


class FaultyPart(BaseModel):
    """One thing wrong with the request."""

    pointer: str = Field(description="JSON pointer to the part of the body, or the name of the parameter")
    detail: Told = Field(description="what is wrong, and what is valid")
    valid: list[str] = Field(
        default_factory=list, description="where a name is wrong: names that would do, the nearest first"
    )


class Problem(BaseModel):
    """An error, as RFC 9457 describes it."""

    type: str = Field(
        description="names the kind of error for programs", examples=["urn:featurelens:problem:not-found"]
    )
    title: str = Field(description="the kind of error for people")
    status: int
    detail: Told = Field(description="this error for people")
    errors: list[FaultyPart] = Field(default_factory=list, description="one entry per wrong part of the request")
