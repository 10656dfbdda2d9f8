"""What the API shows of comparisons: how alike the paths of a picture and of its unit's best examples are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, Field, ValidationError

from featurelens.jobs import addresses
from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.queue.ticket import Ticket
from featurelens.jobs.spec.base import JobSpec, Sign
from featurelens.jobs.spec.comparison import ComparisonSpec
from featurelens.jobs.store.result import Result
from featurelens.service.schemas.address import Address
from featurelens.service.schemas.job import Job, JobLinks, JobPage, JobSummary, of_result, of_ticket
from featurelens.service.schemas.numbers import Numbers

ComparisonSort = Literal["likeness", "likeness_of_means"]
"""How alike the unit's own layer answers to a picture and to the best examples: `normalized`, or that of `means`."""


class Correlations(BaseModel):
    """Spearman's rank correlations, -1 to 1, between what a layer answers to either of two pictures, of some pairs."""

    pairs: int = Field(description="that have one: a layer that says the same everywhere has none")
    mean: float
    spread: float = Field(description="the standard deviation over the pairs")


class Likeness(BaseModel):
    """How alike pictures and images are to one layer (after Geirhos et al. 2024). Null is what is not known."""

    each: list[float | None] = Field(description="of the picture with each example, in the order of `spec.examples`")
    picture: Correlations | None = Field(description="of the picture with the examples")
    examples: Correlations | None = Field(description="of the examples with one another")
    random: Correlations | None = Field(description="of the examples with the other images")
    normalized: float | None = Field(
        description="where the picture lies between these: 0, no more like the examples than other images are; 1, as "
        "like them as they are like one another; null where they are not more alike than other images by more than the "
        "spread of `random`"
    )
    seeds: Correlations | None = Field(description="of pictures of different seeds with one another")


class ComparedLayer(Likeness):
    """Position by position, as Geirhos et al. compare, and by `means`, for which it does not matter where in a picture
    something stands.
    """

    layer: str
    numbers: int = Field(description="that it answers, all positions of all units; of more than 32,768, so many")
    means: Likeness | None = Field(
        None,
        description="the same correlations of the mean over all positions of each of the layer's units; null in "
        "comparisons made before that was told",
    )


def likenesses(layers: Sequence[ComparedLayer] | None, own: str) -> dict[ComparisonSort, float | None]:
    """How alike the unit's `own` layer answers to the picture and to the best examples: by both measures."""
    found = next((one for one in layers or () if one.layer == own), None)
    means = None if found is None else found.means
    return {
        "likeness": None if found is None else found.normalized,
        "likeness_of_means": None if means is None else means.normalized,
    }


class ComparisonLinks(JobLinks):
    """Where to go from here."""

    visualization: Address
    scan: Address
    unit: Address
    examples: Address


class Comparison(Job):
    """How alike a network processes a finished picture and the images that excite its unit most, layer by layer."""

    spec: ComparisonSpec
    layers: list[ComparedLayer] | None = Field(None, description="in the order they answer")
    broken: list[int] | None = Field(None, description="images of `random` that could not be read, and are left out")
    numbers: Numbers | None = Field(
        None, description="seconds, device, instructions, threads, precision, weights, versions"
    )
    links: ComparisonLinks


class ComparisonSummary(JobSummary):
    """A comparison in a list; `links.self` has all of it."""

    layer: str
    channel: int
    sign: Sign
    dataset: str
    likeness: float | None = Field(description="`normalized` of the unit's own layer, once it is finished")
    likeness_of_means: float | None = Field(description="the same of `means`")
    links: ComparisonLinks


class ComparisonsPage(JobPage):
    """One page."""

    comparisons: list[ComparisonSummary]

    @classmethod
    def of(cls, jobs: list[Comparison], **more: Any) -> Self:
        each = [ComparisonSummary.of(job, **likenesses(job.layers, job.spec.layer)) for job in jobs]
        return cls(comparisons=each, **more)


def finished(result: Result) -> Comparison:
    """The resource of a comparison that is in the result store. Raises `OtherVersion`."""
    numbers = dict(result.numbers)
    try:
        told = {name: numbers.pop(name) for name in ("layers", "broken")}
        return Comparison(**of_result(result), **told, numbers=numbers, links=_links(result.key, result.spec))
    except (KeyError, ValidationError) as error:
        raise OtherVersion.of("this result") from error


def underway(key: str, ticket: Ticket) -> Comparison:
    """The resource of a comparison that is not in the store: on its way, failed or cancelled."""
    return Comparison(**of_ticket(key, ticket), links=_links(key, ticket.record.spec))


def _links(key: str, spec: JobSpec) -> ComparisonLinks:
    assert isinstance(spec, ComparisonSpec)
    unit = spec.model, spec.layer, spec.channel
    return ComparisonLinks(
        self=addresses.comparison(key),
        events=addresses.job(addresses.COMPARISONS, key, "events"),
        visualization=addresses.visualization(spec.visualization),
        scan=addresses.scan(spec.scan),
        unit=addresses.unit(*unit),
        examples=addresses.with_query(addresses.examples(*unit), {"dataset": spec.dataset}),
    )
