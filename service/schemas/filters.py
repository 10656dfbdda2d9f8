"""What the API shows of filters: the weights that make one unit, and the units that they come from and lead to."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, Field, ValidationError

from featurelens.jobs import addresses
from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.queue.ticket import Ticket
from featurelens.jobs.spec.base import JobSpec
from featurelens.jobs.spec.filters import FiltersSpec
from featurelens.jobs.store.result import Result
from featurelens.service.schemas.address import Address
from featurelens.service.schemas.job import Job, JobLinks, JobPage, JobSummary, of_result, of_ticket
from featurelens.service.schemas.numbers import Numbers

_PARTS = ("whole", "positive", "negative")


class Step(BaseModel):
    """Something on the way that changes numbers."""

    function: str = Field(description="as PyTorch calls it", examples=["relu"])
    layer: str | None = Field(description="the layer that it is, where it is one")


class Summand(BaseModel):
    """One of the things that are added up to make a unit."""

    made: Literal["convolution", "linear", "identity"] = Field(
        description="a layer of weights, or identity: a skip connection, added as it is"
    )
    layer: str | None = Field(description="the layer that holds the weights")
    through: list[Step] = Field(
        description="what lies between weights and unit, the unit's end first; batch norm is folded into the weights, "
        "and where there is a nonlinearity, the weights are those of what stands before it"
    )
    from_picture: bool = Field(description="true: what is weighted is the picture")
    channels: int = Field(description="of what is weighted")
    height: int = Field(description="of the kernel, in positions of what is weighted")
    width: int
    stride: list[int] | None = Field(description="of the convolution, down and across; null: it is not a single one")
    dilation: list[int] = Field(description="of the convolution, down and across")
    bias: float | None = Field(description="with batch norm folded in; null behind a nonlinearity")
    whole: bool = Field(description="true: the kernel covers the whole feature map and does not slide")
    approximate: bool = Field(description="true: nonlinearities in between were taken as if they were straight")


class Connection(BaseModel):
    """A unit on the other end of some weights."""

    layer: str | None = Field(description="null: the picture itself, and `channel` is one of its colours")
    channel: int = Field(description="of the picture: as the network takes them, behind its preprocessing")
    strength: float = Field(description="the L2 norm of the kernel, with the sign of its sum")
    sum: float = Field(description="of the kernel")
    height: int
    width: int
    kernel: list[list[float]] | None = Field(
        description="the weights, row by row, to six digits; null where there are more than 1024"
    )
    through: list[Step] = Field(description="what lies between the two units' weights")
    summand: int = Field(
        description="which of the `summands` it belongs to, counted from 0; in `expanded`, which of `behind`"
    )
    image: Address = Field(description="the kernel: orange above zero, blue below, grey at zero")
    unit: Address | None = Field(description="the unit's own address")


class Connections(BaseModel):
    """The strongest, positive and negative, each list with the strongest first."""

    count: int = Field(description="how many there are in all, with any weight that is not zero")
    scale: float = Field(description="the weight that is as orange as it gets, and blue at its negative, in all images")
    positive: list[Connection]
    negative: list[Connection]


class PictureKernel(BaseModel):
    """The kernel over the picture, in the picture's colours: zero is mid grey, `scale` full and -`scale` no colour."""

    whole: Address = Field(description="its image")
    positive: Address = Field(description="the image of its positive weights alone")
    negative: Address = Field(description="the image of its negative weights alone")
    scale: float = Field(description="the largest weight, without its sign; of all three images")
    height: int
    width: int


class FiltersLinks(JobLinks):
    """Where to go from here."""

    unit: Address = Field(description="the unit")
    sheet: Address | None = Field(None, description="all kernels on one picture, a row for each list")


class Filters(Job):
    """The weights that make one unit, batch norm folded in: read once and then kept."""

    spec: FiltersSpec = Field(description="the full specification, with every default filled in")
    preactivation: bool | None = Field(
        None, description="true: the weights speak of what stands before a nonlinearity, not of what the unit answers"
    )
    summands: list[Summand] | None = Field(None, description="what is added up to make the unit")
    picture: PictureKernel | None = Field(None, description="where what is weighted is the picture")
    incoming: Connections | None = Field(None, description="the units that feed it")
    outgoing: Connections | None = Field(None, description="the units that it feeds")
    behind: list[Summand] | None = Field(
        None, description="what is added up to make the incoming units, past one nonlinearity, as if it were straight"
    )
    expanded: Connections | None = Field(
        None, description="the units behind those: expanded weights, products of kernels, an approximation"
    )
    expanded_picture: PictureKernel | None = Field(None, description="where these weight the picture")
    unknown: list[str] | None = Field(None, description="what could not be followed, and why")
    numbers: Numbers | None = Field(
        None, description="seconds, device, instructions, threads, precision, weights, versions"
    )
    links: FiltersLinks


class FiltersSummary(JobSummary):
    """Filters in a list; `links.self` has all of it."""

    layer: str
    channel: int
    links: FiltersLinks


class FiltersPage(JobPage):
    """One page."""

    filters: list[FiltersSummary]

    @classmethod
    def of(cls, jobs: list[Filters], **more: Any) -> Self:
        return cls(filters=[FiltersSummary.of(job) for job in jobs], **more)


def finished(result: Result) -> Filters:
    """The resource of filters that are in the result store. Raises `OtherVersion`."""
    told = dict(result.numbers)
    key, model = result.key, _spec(result.spec).model
    try:
        for name in ("incoming", "outgoing", "expanded"):
            told[name] = _connections(told[name], key, model)
        for name in ("picture", "expanded_picture"):
            told[name] = _picture(told[name], key)
        own = {name: told.pop(name) for name in list(told) if name in Filters.model_fields}
        return Filters(**of_result(result), **own, numbers=told, links=_links(key, result.spec, len(result.images)))
    except (KeyError, TypeError, ValidationError) as error:
        raise OtherVersion.of("this result") from error


def underway(key: str, ticket: Ticket) -> Filters:
    """The resource of filters that are not in the store: on their way, failed or cancelled."""
    return Filters(**of_ticket(key, ticket), links=_links(key, ticket.record.spec, 0))


def _connections(stored: dict[str, Any], key: str, model: str) -> dict[str, Any]:
    def shown(one: dict[str, Any]) -> dict[str, Any]:
        unit = None if one["layer"] is None else addresses.unit(model, one["layer"], one["channel"])
        return {**one, "image": _image(key, one["image"]), "unit": unit}

    return {**stored, **{sign: [shown(one) for one in stored[sign]] for sign in ("positive", "negative")}}


def _picture(stored: dict[str, Any] | None, key: str) -> dict[str, Any] | None:
    return stored and {**stored, **{part: _image(key, stored[part]) for part in _PARTS}}


def _image(key: str, index: int) -> str:
    return addresses.with_query(addresses.filters_image(key), {"index": index})


def _spec(spec: JobSpec) -> FiltersSpec:
    assert isinstance(spec, FiltersSpec)
    return spec


def _links(key: str, about: JobSpec, images: int) -> FiltersLinks:
    spec = _spec(about)
    return FiltersLinks(
        self=addresses.filters(key),
        events=addresses.job(addresses.FILTERS, key, "events"),
        unit=addresses.unit(spec.model, spec.layer, spec.channel),
        sheet=_image(key, images - 1) if images else None,
    )
