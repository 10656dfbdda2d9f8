"""What the API shows of an uploaded photograph."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, Field

from featurelens.jobs import addresses
from featurelens.service.schemas.address import Address


class Photo(BaseModel):
    """An uploaded photograph, kept as PNG of at most 1024 pixels on either side, in sRGB, without its metadata."""

    photo: str = Field(description="its name in objectives: sha256 of what is kept", examples=["sha256:" + "0" * 64])
    url: Address

    @classmethod
    def of(cls, digest: str) -> Self:
        return cls(photo=digest, url=addresses.photo(digest))
