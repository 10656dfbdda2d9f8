"""What the API shows of maps: everything that one layer answers to one photograph."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, Field, ValidationError

from featurelens.jobs import addresses
from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.queue.ticket import Ticket
from featurelens.jobs.spec.base import JobSpec
from featurelens.jobs.spec.maps import MapsSpec
from featurelens.jobs.store.result import Result
from featurelens.service.schemas.address import Address
from featurelens.service.schemas.job import Job, JobLinks, JobPage, JobSummary, of_result, of_ticket
from featurelens.service.schemas.numbers import Numbers

Value = Literal["activation", "preactivation"]
"""What the layer answers, or what stands before its ReLU."""


class Span(BaseModel):
    """The smallest and the largest number in all maps of a layer."""

    minimum: float
    maximum: float


class Tokens(BaseModel):
    """How the tokens of a transformer lie on the picture: row by row, after the first ones."""

    height: int
    width: int
    first: int = Field(description="tokens before those of patches, as the class token: they stand for no position")


class Attention(BaseModel):
    """The attention there is in the layer."""

    module: str = Field(description="the torch.nn.MultiheadAttention that attends")
    heads: int
    queries: int = Field(description="tokens that attend, the first ones included")
    keys: int = Field(description="tokens that are attended to")


class MapsLinks(JobLinks):
    """Where to go from here."""

    file: Address | None = Field(description="all of it as numbers (safetensors); null until it is finished")
    photo: Address
    layer: Address


class Maps(Job):
    """All feature maps of one layer for one photograph."""

    spec: MapsSpec = Field(description="the full specification, with every default filled in")
    channels: int | None = Field(None, description="how many maps there are")
    height: int | None = Field(None, description="of a map, in positions; 1 where the layer has none")
    width: int | None = None
    values: dict[Value, Span] | None = Field(
        None,
        description="activation: what the layer answers; preactivation: what stands before the ReLU that it ends in",
    )
    tokens: Tokens | None = Field(
        None,
        description="null where the layer has none, or where it is not known how they lie: then they are one column",
    )
    attention: Attention | None = Field(
        None, description="null: the layer is and has no torch.nn.MultiheadAttention, or more than one; not known then"
    )
    numbers: Numbers | None = Field(
        None, description="seconds, device, instructions, threads, precision, weights, versions"
    )
    links: MapsLinks


class MapsSummary(JobSummary):
    """Maps in a list; `links.self` has all of it."""

    layer: str
    photo: str
    links: MapsLinks


class MapsPage(JobPage):
    """One page."""

    maps: list[MapsSummary]

    @classmethod
    def of(cls, jobs: list[Maps], **more: Any) -> Self:
        return cls(maps=[MapsSummary.of(job) for job in jobs], **more)


_TOLD = ("channels", "height", "width", "values", "tokens", "attention")


def finished(result: Result) -> Maps:
    """The resource of maps that are in the result store. Raises `OtherVersion`."""
    numbers = dict(result.numbers)
    try:
        told = {name: numbers.pop(name) for name in _TOLD}
        return Maps(**of_result(result), **told, numbers=numbers, links=_links(result.key, result.spec, there=True))
    except (KeyError, ValidationError) as error:
        raise OtherVersion.of("this result") from error


def underway(key: str, ticket: Ticket) -> Maps:
    """The resource of maps that are not in the store: on their way, failed or cancelled."""
    return Maps(**of_ticket(key, ticket), links=_links(key, ticket.record.spec, there=False))


def _links(key: str, spec: JobSpec, *, there: bool) -> MapsLinks:
    assert isinstance(spec, MapsSpec)
    return MapsLinks(
        self=addresses.maps(key),
        events=addresses.job(addresses.MAPS, key, "events"),
        file=addresses.maps_file(key) if there else None,
        photo=addresses.photo(spec.photo),
        layer=addresses.layer(spec.model, spec.layer),
    )
