"""What the API shows of activations: what a network sees in one photograph."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, Field, ValidationError

from featurelens.jobs import addresses
from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.queue.ticket import Ticket
from featurelens.jobs.spec.activations import ActivationsSpec
from featurelens.jobs.spec.base import JobSpec
from featurelens.jobs.store.result import Result
from featurelens.service.schemas.address import Address
from featurelens.service.schemas.job import Job, JobLinks, JobPage, JobSummary, of_result, of_ticket
from featurelens.service.schemas.numbers import Numbers


class ClassProbability(BaseModel):
    """A class that the network takes the photograph for."""

    channel: int = Field(description="of the layer of classes")
    label: str | None = Field(description="null: the network has no labels")
    logit: float
    probability: float = Field(description="softmax over all classes")


class UnitResponse(BaseModel):
    """What one channel says: an extreme of its feature map, or the map's mean."""

    channel: int
    value: float
    x: int | None = Field(description="column of the feature map, from the left; null for a mean, or without positions")
    y: int | None = Field(description="row of the feature map, from the top")


class LayerResponses(BaseModel):
    """The units of one layer that respond most and least, each list sorted, the most extreme first."""

    layer: str
    channels: int = Field(description="how many units it has")
    height: int = Field(description="of its feature maps, in positions; tokens are rows")
    width: int
    preactivation: bool = Field(
        description="true: the layer ends in ReLU, and `lowest` and `lowest_mean` tell what stands before it, "
        "because behind it nothing is below zero"
    )
    highest: list[UnitResponse] = Field(description="by the largest activation anywhere in the photograph")
    lowest: list[UnitResponse] = Field(description="by the smallest")
    highest_mean: list[UnitResponse] = Field(description="by the mean over the photograph")
    lowest_mean: list[UnitResponse]


class ActivationsLinks(JobLinks):
    """Where to go from here."""

    photo: Address = Field(description="the photograph")
    layers: Address = Field(description="the layers of this network")
    maps: Address = Field(description="the feature maps of a layer, by its name")
    positions: Address = Field(description="what the network sees at one pixel")
    attributions: Address = Field(description="where to ask which pixels made a unit fire")


class Activations(Job):
    """What a network sees in one photograph: looked at once and then kept."""

    spec: ActivationsSpec = Field(description="the full specification, with every default filled in")
    classes: list[ClassProbability] | None = Field(
        None, description="the likeliest first; empty for a network without classes"
    )
    layers: list[LayerResponses] | None = Field(None, description="in the order asked for")
    numbers: Numbers | None = Field(
        None, description="seconds, device, instructions, threads, precision, weights, versions"
    )
    links: ActivationsLinks


class ActivationsSummary(JobSummary):
    """Activations in a list; `links.self` has all of it."""

    photo: str
    links: ActivationsLinks


class ActivationsPage(JobPage):
    """One page."""

    activations: list[ActivationsSummary]

    @classmethod
    def of(cls, jobs: list[Activations], **more: Any) -> Self:
        return cls(activations=[ActivationsSummary.of(job) for job in jobs], **more)


def finished(result: Result) -> Activations:
    """The resource of activations that are in the result store. Raises `OtherVersion`."""
    numbers = dict(result.numbers)
    try:
        told = {"classes": numbers.pop("classes"), "layers": numbers.pop("layers"), "numbers": numbers}
        return Activations(**of_result(result), **told, links=_links(result.key, result.spec))
    except (KeyError, ValidationError) as error:
        raise OtherVersion.of("this result") from error


def underway(key: str, ticket: Ticket) -> Activations:
    """The resource of activations that are not in the store: on their way, failed or cancelled."""
    return Activations(**of_ticket(key, ticket), links=_links(key, ticket.record.spec))


def _links(key: str, spec: JobSpec) -> ActivationsLinks:
    assert isinstance(spec, ActivationsSpec)
    return ActivationsLinks(
        self=addresses.activations(key),
        events=addresses.job(addresses.ACTIVATIONS, key, "events"),
        photo=addresses.photo(spec.photo),
        layers=addresses.layers(spec.model),
        maps=addresses.activations_maps(key, "{layer}"),
        positions=addresses.activations_positions(key),
        attributions=addresses.ATTRIBUTIONS,
    )
