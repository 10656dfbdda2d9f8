"""The maps of a layer that somebody wants to look at: found, or made while the request waits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

from fastapi import Response
from starlette.concurrency import run_in_threadpool

from featurelens.jobs import addresses
from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry
from featurelens.jobs.catalog.layer_names import LayerNames
from featurelens.jobs.errors import NotFound, NotReady, UnknownLayer, UnknownModel
from featurelens.jobs.kinds import ACTIVATIONS, MAPS
from featurelens.jobs.spec.activations import ActivationsSpec
from featurelens.jobs.spec.maps import MapsSpec
from featurelens.jobs.store.map_file import FILE_NAME, MapFile
from featurelens.service import job_requests
from featurelens.service.asking import PATIENCE, counted, nobody_asked
from featurelens.service.auth.access import Caller
from featurelens.service.dependencies import Dependencies
from featurelens.service.geometry import Geometry
from featurelens.service.prefer import ended
from featurelens.service.resolving import described
from featurelens.service.schemas.maps import Maps


@dataclass(frozen=True)
class LayerMaps:
    """Finished maps, and what the catalog knows of their layer. Reading them blocks."""

    job: Maps
    layer: LayerEntry
    file: MapFile

    @cached_property
    def geometry(self) -> Geometry:
        size = self.job.spec.size
        assert size is not None
        return Geometry(self.layer, (self.job.height or 1, self.job.width or 1), size)


class _Wanted(NamedTuple):
    key: str
    spec: MapsSpec
    layer: LayerEntry


async def activations_spec(deps: Dependencies, key: str) -> ActivationsSpec:
    """What the activations `key` were asked for. Raises `NotFound`."""
    found = await run_in_threadpool(job_requests.find, deps, ACTIVATIONS, key)
    spec: ActivationsSpec = found.spec
    return spec


async def layer_maps(deps: Dependencies, caller: Caller, key: str, layer: str, *, asking: bool = True) -> LayerMaps:
    """The maps of `layer` for the photograph of the activations `key`.

    They are asked for where nobody has yet, in the name of a caller who may ask for work, and waited for; unless
    `asking` is false. Raises `NotFound` for names that lead nowhere, and then for what nobody has asked for, `NotReady`
    when it takes longer or has failed, 403 where the caller may only read, and what `job_requests.submit` raises.
    """
    maps, wanted = await _asked(deps, caller, key, layer, asking=asking)
    if maps.status != "succeeded":
        raise NotReady(_why(maps))
    part = partial(deps.store.file_part, wanted.key, FILE_NAME)
    return await run_in_threadpool(lambda: LayerMaps(maps, wanted.layer, MapFile(part)))


async def maps_job(deps: Dependencies, caller: Caller, key: str, layer: str, *, asking: bool = True) -> Maps:
    """The job alone, finished or not, asked for and waited for in the same way."""
    return (await _asked(deps, caller, key, layer, asking=asking))[0]


async def _asked(deps: Dependencies, caller: Caller, key: str, layer: str, *, asking: bool) -> tuple[Maps, _Wanted]:
    asked = await activations_spec(deps, key)
    wanted = await described(partial(_wanted, deps.catalog, asked, key, layer))
    lookup, watcher = deps.views[MAPS.name]
    found = await run_in_threadpool(lookup.find, wanted.key)
    if not asking:
        if found is None:
            raise nobody_asked(f"the maps of {wanted.spec.layer}")
        return found, wanted
    if found is None:
        async with deps.looking:
            found = await run_in_threadpool(lookup.find, wanted.key) or await _submitted(deps, caller, wanted)
    if not found.over:
        found = await ended(watcher, wanted.key, PATIENCE) or found
    maps: Maps = found
    return maps, wanted


async def _submitted(deps: Dependencies, caller: Caller, wanted: _Wanted) -> Maps:
    await counted(deps, caller)
    sent = job_requests.Headers(caller.client, None, ())
    maps: Maps = await job_requests.submit(deps, MAPS, wanted.spec, sent, Response())
    return maps


def _wanted(catalog: Catalog, asked: ActivationsSpec, key: str, layer: str) -> _Wanted:
    """Raises `NotFound`, also where the network is another one by now than `key` tells of."""
    try:
        entry = catalog.model(asked.model)
        spec = MapsSpec(model=asked.model, photo=asked.photo, layer=layer, size=asked.size)
        resolved, _ = MAPS.resolve(catalog, spec)
    except (UnknownModel, UnknownLayer) as error:
        raise NotFound(error.detail) from error
    if ACTIVATIONS.key(asked, entry.digest, entry.renderer) != key:
        detail = (
            f"{entry.name} has changed since these activations were asked for; ask again: POST {addresses.ACTIVATIONS}"
        )
        raise NotFound(detail)
    return _Wanted(MAPS.key(resolved, entry.digest, entry.renderer), resolved, _entry(catalog, entry, resolved.layer))


def _entry(catalog: Catalog, entry: ModelEntry, layer: str) -> LayerEntry:
    return LayerNames(entry, catalog.layers(entry)).named(layer, "/layer")


def _why(maps: Maps) -> str:
    where = addresses.maps(maps.key)
    if maps.error is not None:
        return (
            f"the maps of {maps.spec.layer} could not be made: {maps.error.detail}; to try again: POST {addresses.MAPS}"
        )
    if maps.status == "cancelled":
        return f"the maps of {maps.spec.layer} were given up; to ask again: POST {addresses.MAPS}"
    return f"the maps of {maps.spec.layer} are being made; ask again in a moment; how far they are: {where}"
