"""What the API shows of a unit's evidence: which images of a data set raise it most and least."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from featurelens.jobs import addresses
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.store.result import Result
from featurelens.service.schemas.address import Address

LISTS = ("strongest", "weakest", "above", "below", "strongest_mean", "likeliest")


class Example(BaseModel):
    """An image of the data set, and what the unit says to it."""

    image: int = Field(description="its number in the data set")
    label: str | None = Field(description="the first folder it lies in; null: none")
    value: float
    x: int | None = Field(description="column of the feature map, from the left; null for a mean, or without positions")
    y: int | None = Field(description="row of the feature map, from the top")
    crop: Address | None = Field(
        description="what this position sees of the image, the whole image where that is not defined; null: not kept"
    )

    @classmethod
    def of(cls, scan: str, layer: str, told: dict[str, Any], *, crops: bool) -> Self:
        """`told`: what the scan with the key `scan` says of it."""
        place = {"layer": layer, "x": told["x"], "y": told["y"]} if told["x"] is not None else {}
        crop = addresses.with_query(addresses.crop(scan, told["image"]), place)
        return cls(**told, crop=crop if crops and told["shown"] else None)


class Histogram(BaseModel):
    """`counts[i]` images gave at least ``low + i * width`` and less than a `width` more."""

    low: float
    width: float
    counts: list[int]
    smallest: float
    largest: float


class Statistics(BaseModel):
    """Of one number per image."""

    mean: float
    spread: float = Field(description="the standard deviation over the images")
    histogram: Histogram


class PreferredLabel(BaseModel):
    """A label among the images that raise the unit most."""

    label: str
    images: int = Field(description="how many of them have it")
    of: int = Field(description="how many were looked at")


class FoundByScan(BaseModel):
    """Of a unit: which scan tells of it, and whether that still holds."""

    model: str
    layer: str
    channel: int
    dataset: str
    scan: str = Field(description="the scan that found it")
    current: bool = Field(description="false: the data set has changed since, or is gone")
    same_network: bool = Field(
        description="false: other weights, or another version of the engine, than the network has now under its name"
    )


class Examples(FoundByScan):
    """One unit over a data set. Lists are sorted, nearest first, by the largest value over all positions."""

    preactivation: bool = Field(description="true: the layer ends in ReLU, and values stand before that")
    images: int
    active: float = Field(description="the share of images in which the unit is above zero anywhere")
    maximum: Statistics = Field(description="of the largest value over all positions of each image")
    mean: Statistics = Field(description="of the mean over all positions of each image")
    mean_after: Histogram | None = Field(
        None,
        description="of the mean over all positions behind the ReLU that the layer ends in; null where it ends in none "
        "and in scans from before this was kept",
    )
    labels: list[PreferredLabel] = Field(description="the most frequent ones of the hundred images that raise it most")
    middle: Literal["zero", "median"] = Field(description="what `above` and `below` are near to")
    strongest: list[Example]
    weakest: list[Example]
    above: list[Example] = Field(description="slightly positive: just above the middle")
    below: list[Example] = Field(description="slightly negative: just below it")
    strongest_mean: list[Example] = Field(description="by the mean over all positions, the logit where it is a class")
    likeliest: list[Example] = Field(description="where it is a class: by its probability, which is `value`")
    links: dict[str, Address] = Field(description="unit; scan; table: all units as Parquet")

    @classmethod
    def of(cls, result: Result, told: dict[str, Any], *, current: bool, same: bool, crops: bool) -> Self:
        """`told`: what the scan `result` says of the unit."""
        spec = result.spec
        assert isinstance(spec, ScanSpec)
        layer, channel = told["layer"], told["channel"]
        shape = next(shape for shape in result.numbers["layers"] if shape["name"] == layer)

        return cls(
            **{name: value for name, value in told.items() if name not in LISTS},
            **{name: [Example.of(result.key, layer, one, crops=crops) for one in told[name]] for name in LISTS},
            model=spec.model,
            dataset=spec.dataset,
            scan=result.key,
            current=current,
            same_network=same,
            preactivation=shape["preactivation"],
            links={
                "unit": addresses.unit(spec.model, layer, channel),
                "scan": addresses.scan(result.key),
                "table": addresses.scan_table(result.key),
            },
        )
