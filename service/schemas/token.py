"""What the API shows of a token."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Self

from pydantic import BaseModel, Field


class Token(BaseModel):
    """Opens one job as `?token=...`: its `events`, and the `preview` and `image` of a visualization."""

    token: str = Field(examples=["3f9c0a7b1d22.1767323945." + "5a" * 32])
    expires: datetime

    @classmethod
    def of(cls, token: str, expires: int) -> Self:
        """`expires` in seconds since 1970."""
        return cls(token=token, expires=datetime.fromtimestamp(expires, UTC))
