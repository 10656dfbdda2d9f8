"""What the API shows of the units of a layer side by side, as a scan found them."""

from __future__ import annotations

from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, Field

from featurelens.jobs import addresses
from featurelens.service.schemas.address import Address
from featurelens.service.schemas.comparison import ComparisonSort
from featurelens.service.schemas.evidence import Bounds, Evidence

Sort = Literal[
    "strongest", "maximum", "spread", "active", "purity", "nearest", "standing", "ratio", "percentile", ComparisonSort
]
BY_PICTURE = ("ratio", "percentile", *get_args(ComparisonSort))
"""What the pictures of units are sorted by, not the units."""


class Nearest(BaseModel):
    """The unit of the layer that answers most alike; `alike` of the unit tells more."""

    channel: int
    correlation: float


class ScannedUnit(BaseModel):
    """One unit in a few numbers."""

    channel: int
    active: float = Field(description="the share of images in which it is above zero anywhere")
    strongest: float = Field(description="its largest value in any image")
    maximum: float = Field(description="the mean over all images of its largest value in each")
    spread: float = Field(description="the standard deviation of that")
    label: str | None = Field(description="the most frequent one among the images that raise it most")
    purity: float = Field(description="the share of that label among them")
    nearest: Nearest | None = Field(
        None, description="null: none answers alike, or the scan was made before that was kept"
    )
    standing: float | None = Field(
        description="of the image asked for: by how many spreads its value is above the mean; null without one"
    )
    picture: Address | None = Field(
        None,
        description="its latest finished picture with evidence, by a likeness the latest that has one, if any; "
        "looked for when sorted by what pictures reach",
    )
    ratio: Bounds | None = Field(None, description="of that, as in its `evidence`")
    percentile: Bounds | None = Field(None, description="of that, as in its `evidence`")
    likeness: float | None = Field(
        None, description="of that, `normalized` of the unit's own layer in its latest comparison; when sorted by it"
    )
    likeness_of_means: float | None = Field(None, description="the same of `means`; when sorted by it")
    examples: Address

    @classmethod
    def of(cls, model: str, told: dict[str, Any], image: int | None) -> Self | None:
        """`told`: what the scan says of the unit. None where `image` is none of its strongest."""
        maximum, labels = told["maximum"], told["labels"]
        values = {one["image"]: one["value"] for one in told["strongest"]}
        if image is not None and image not in values:
            return None
        above = None if image is None else values[image] - maximum["mean"]
        return cls(
            channel=told["channel"],
            active=told["active"],
            strongest=max(values.values()),
            maximum=maximum["mean"],
            spread=maximum["spread"],
            label=labels[0]["label"] if labels else None,
            purity=labels[0]["images"] / labels[0]["of"] if labels else 0.0,
            nearest=Nearest(**nearest[0]) if (nearest := told.get("alike")) else None,
            standing=None if above is None else above / (maximum["spread"] or 1.0),
            examples=addresses.examples(model, told["layer"], told["channel"]),
        )

    def with_picture(self, key: str, evidence: Evidence, **likeness: float | None) -> Self:
        """With what its picture `key` reaches."""
        told = {"ratio": evidence.ratio, "percentile": evidence.percentile, **likeness}
        return self.model_copy(update={"picture": addresses.visualization(key), **told})

    def rank(self, sort: Sort) -> tuple[bool, float]:
        """Rises from the first in a list to the last; what has no such number comes behind what has one."""
        found = getattr(self, sort)
        match found:
            case Bounds():
                value = found.least
            case Nearest():
                value = found.correlation
            case _:
                value = found
        return value is None, -(value or 0.0)


class ScannedUnits(BaseModel):
    """Units of one layer, sorted."""

    layer: str
    units: list[ScannedUnit]
    total: int = Field(description="how many there are in all")
