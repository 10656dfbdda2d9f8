"""What the API shows of attributions: which pixels of a photograph made a unit fire."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, ValidationError

from featurelens.jobs import addresses
from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.queue.ticket import Ticket
from featurelens.jobs.spec.attribution import AttributionSpec
from featurelens.jobs.spec.base import JobSpec
from featurelens.jobs.store.result import Result
from featurelens.service.schemas.address import Address
from featurelens.service.schemas.job import Job, JobLinks, JobPage, JobSummary, of_result, of_ticket
from featurelens.service.schemas.numbers import Numbers


class AttributionLinks(JobLinks):
    """Where to go from here."""

    image: Address | None = Field(description="the attribution as a picture; null until it is finished")
    file: Address | None = Field(description="all of it as numbers (safetensors); null until it is finished")
    photo: Address
    unit: Address


class Attribution(Job):
    """Which pixels of one photograph made one unit fire, and how much of it they explain."""

    spec: AttributionSpec = Field(description="the full specification, with every default filled in")
    explained: float | None = Field(None, description="what the unit says to the photograph (`of`, `value` of `spec`)")
    at_baseline: float | None = Field(None, description="what it says to the baseline")
    baseline: list[float] | None = Field(None, description="its color, 0 to 1 for each channel that the network takes")
    sum: float | None = Field(None, description="of the attribution of all pixels")
    completeness_error: float | None = Field(
        None,
        description="how far `sum` is from `explained - at_baseline`; zero is what integrated gradients get nearer to "
        "with more steps, the other methods do not promise it",
    )
    relative_error: float | None = Field(None, description="as a part of that difference; null where that is zero")
    scale: float | None = Field(
        None, description="what the darkest colors of the picture stand for: all but 2 % of the pixels are below it"
    )
    numbers: Numbers | None = Field(
        None, description="seconds, device, instructions, threads, precision, weights, versions"
    )
    links: AttributionLinks


class AttributionSummary(JobSummary):
    """An attribution in a list; `links.self` has all of it."""

    layer: str
    channel: int
    photo: str
    links: AttributionLinks


class AttributionsPage(JobPage):
    """One page."""

    attributions: list[AttributionSummary]

    @classmethod
    def of(cls, jobs: list[Attribution], **more: Any) -> Self:
        return cls(attributions=[AttributionSummary.of(job) for job in jobs], **more)


_TOLD = ("explained", "at_baseline", "baseline", "sum", "completeness_error", "relative_error", "scale")


def finished(result: Result) -> Attribution:
    """The resource of an attribution that is in the result store. Raises `OtherVersion`."""
    numbers = dict(result.numbers)
    try:
        told = {name: numbers.pop(name) for name in _TOLD}
        links = _links(result.key, result.spec, there=True)
        return Attribution(**of_result(result), **told, numbers=numbers, links=links)
    except (KeyError, ValidationError) as error:
        raise OtherVersion.of("this result") from error


def underway(key: str, ticket: Ticket) -> Attribution:
    """The resource of an attribution that is not in the store: on its way, failed or cancelled."""
    return Attribution(**of_ticket(key, ticket), links=_links(key, ticket.record.spec, there=False))


def _links(key: str, spec: JobSpec, *, there: bool) -> AttributionLinks:
    assert isinstance(spec, AttributionSpec)
    return AttributionLinks(
        self=addresses.attribution(key),
        events=addresses.job(addresses.ATTRIBUTIONS, key, "events"),
        image=addresses.attribution_image(key) if there else None,
        file=addresses.attribution_file(key) if there else None,
        photo=addresses.photo(spec.photo),
        unit=addresses.unit(spec.model, spec.layer, spec.channel),
    )
