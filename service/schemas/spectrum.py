"""What the API shows of a unit's spectrum: its optimized pictures with its dataset examples between them."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from featurelens.jobs import addresses
from featurelens.jobs.queue.record import Status
from featurelens.jobs.spec.base import Sign
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.service.schemas.address import Address
from featurelens.service.schemas.evidence import Evidence
from featurelens.service.schemas.examples import Example, Examples
from featurelens.service.schemas.scan import Scan
from featurelens.service.schemas.sweep import Sweep
from featurelens.service.schemas.visualization import Visualization

Part = Literal["negative", "examples", "positive"]


class OptimizedPicture(BaseModel):
    """One end of it: the picture that is made where nothing but unit and sign are asked for."""

    sign: Sign
    key: str
    status: Status | None = Field(description="null: nobody has asked for it")
    url: Address
    image: Address | None = Field(description="the PNG, once it exists")
    activation: float | None = Field(description="that it reached")
    evidence: list[Evidence] | None = Field(description="how that compares with the images")

    @classmethod
    def of(cls, sign: Sign, key: str, job: Visualization | None, evidence: list[Evidence] | None) -> Self:
        return cls(
            sign=sign,
            key=key,
            status=None if job is None else job.status,
            url=addresses.visualization(key),
            image=None if job is None else job.links.image,
            activation=None if job is None else (job.numbers or {}).get("activation"),
            evidence=evidence,
        )


class ScanOfUnit(BaseModel):
    """The scan that tells of the unit, or the one that would."""

    key: str
    status: Status | None = Field(description="null: nobody has asked for it")
    url: Address


class Missing(BaseModel):
    """What is not there yet, and how to ask for it alone."""

    part: Part
    status: Status | None = Field(description="queued, running: on its way; failed, cancelled; null: not asked for")
    to: Address = Field(description="where to POST `request`")
    request: dict[str, Any]


class Spectrum(BaseModel):
    """From what silences a unit to what raises it: optimized pictures at both ends, images of a data set between them.

    `minimum` to `maximum` are null until there is a finished scan. By the largest value over all positions, they are
    the `weakest`, `below`, `above` and `strongest` of `examples`.
    """

    model: str
    layer: str
    channel: int
    dataset: str
    negative: OptimizedPicture
    minimum: list[Example] | None = Field(description="that raise it least")
    slightly_negative: list[Example] | None = Field(description="just below zero, or below the median")
    slightly_positive: list[Example] | None = Field(description="just above it")
    maximum: list[Example] | None = Field(description="that raise it most")
    positive: OptimizedPicture
    scan: ScanOfUnit
    missing: list[Missing] = Field(description="empty: it is complete. POST to this address asks for all of it")
    links: dict[str, Address] = Field(
        description="sheet: all on one picture; unit; examples: with histograms and labels"
    )

    @classmethod
    def of(
        cls,
        negative: OptimizedPicture,
        positive: OptimizedPicture,
        requests: dict[Sign, VisualizationSpec],
        examples: Examples | None,
        scan: ScanOfUnit,
        wanted: ScanSpec,
    ) -> Self:
        """`requests`: for either picture; `wanted`: for the scan, where there are no `examples`."""
        spec = requests["positive"]
        assert spec.layer is not None
        assert spec.channel is not None
        unit = spec.model, spec.layer, spec.channel
        dataset = wanted.dataset if examples is None else examples.dataset
        missing = [
            _missing(one.sign, one.status, addresses.VISUALIZATIONS, requests[one.sign])
            for one in (negative, positive)
            if one.image is None
        ]
        if examples is None:
            missing.insert(negative.image is None, _missing("examples", scan.status, addresses.SCANS, wanted))
        return cls(
            model=spec.model,
            layer=spec.layer,
            channel=spec.channel,
            dataset=dataset,
            negative=negative,
            minimum=None if examples is None else examples.weakest,
            slightly_negative=None if examples is None else examples.below,
            slightly_positive=None if examples is None else examples.above,
            maximum=None if examples is None else examples.strongest,
            positive=positive,
            scan=scan,
            missing=missing,
            links={
                "sheet": addresses.with_query(addresses.spectrum_sheet(*unit), {"dataset": dataset}),
                "unit": addresses.unit(*unit),
                "examples": addresses.with_query(addresses.examples(*unit), {"dataset": dataset}),
            },
        )


class AskedFor(BaseModel):
    """What has been asked for, each watched under its own address; null: that part is there."""

    sweep: Sweep | None = Field(description="of both optimized pictures")
    scan: Scan | None
    links: dict[str, Address] = Field(description="spectrum: with what is there of it")


def _missing(part: Part, status: Status | None, to: str, spec: VisualizationSpec | ScanSpec) -> Missing:
    return Missing(part=part, status=status, to=to, request=spec.model_dump(mode="json", exclude_unset=True))
