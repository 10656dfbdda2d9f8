"""What every objective says of itself, so that nobody else needs to know which there are."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from featurelens.jobs.spec.base import PhotoDigest, SpecModel
from featurelens.jobs.spec.names import Names
from featurelens.jobs.spec.parameterizations import ParameterizationSpec
from featurelens.jobs.spec.transforms import TransformRanges

SpecField = Literal["layer", "channel"]


class ObjectiveSpec(SpecModel):
    """The defaults are those of one picture of one channel of a layer."""

    needs: ClassVar[frozenset[SpecField]] = frozenset({"layer", "channel"})
    """The fields of the spec that it must have."""
    takes: ClassVar[frozenset[SpecField]] = frozenset()
    """The fields that it may have besides; those in neither it must not have."""
    has_negative: ClassVar[bool] = True
    only_with: ClassVar[type[ParameterizationSpec] | None] = None
    """The one parameterization it works with; None is any."""
    suited_transform: ClassVar[TransformRanges | None] = None
    """The default, where it is another than that of the parameterization."""

    type: str

    @property
    def picture_count(self) -> int:
        """How many pictures are made together."""
        return 1

    @property
    def photo_digest(self) -> PhotoDigest | None:
        """The photograph it starts from or looks at."""
        return None

    @property
    def starts_from_photo(self) -> bool:
        """Whether that is where the picture starts: it is then a photograph and a spectrum on top of it."""
        return False

    @property
    def pull(self) -> float:
        """Weight of the mean squared distance to its photograph."""
        return 0.0

    def listed_channel(self, channel: int | None) -> int | None:
        """The channel it is listed under, given that of the spec."""
        return channel

    def resolved(self, names: Names, layer: str | None, channel: int | None) -> tuple[str | None, Self]:
        """The spec's `layer` by its own name, and itself with all it refers to found. Twice is the same as once.

        Raises `UnknownLayer`, `OutOfRange` or `InvalidSpec`, each with what is valid.
        """
        if channel is None:
            return names.layer(layer, "/layer").name, self
        return names.unit(layer, channel, ""), self
