"""The spectrum of a unit, as in Olah et al. 2017: what is there of it, and asking for the rest."""

from __future__ import annotations

from typing import get_args

from fastapi import Response
from starlette.concurrency import run_in_threadpool

from featurelens.jobs import addresses
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry
from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.kinds import SCAN, VISUALIZATION
from featurelens.jobs.spec.base import Sign
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.service import found_scans, job_requests, scan_results, sweep_requests
from featurelens.service.auth.metering import charge
from featurelens.service.dependencies import Dependencies
from featurelens.service.schemas.spectrum import AskedFor, OptimizedPicture, ScanOfUnit, Spectrum
from featurelens.service.schemas.sweep_spec import SweepSpec


def find(deps: Dependencies, entry: ModelEntry, layer: LayerEntry, channel: int, dataset: str | None) -> Spectrum:
    """Each part, as far as it is. Blocks.

    Raises `UnknownDataset`, or `InvalidSpec` for a network that takes no images, and `OtherVersion`.
    """
    specs: dict[Sign, VisualizationSpec] = {
        sign: VisualizationSpec(model=entry.name, layer=layer.name, channel=channel, sign=sign)
        for sign in get_args(Sign)
    }
    keys = {}
    for sign, spec in specs.items():
        whole, _ = VISUALIZATION.resolve(deps.catalog, spec)
        keys[sign] = VISUALIZATION.key(whole, entry.digest, entry.renderer)
    jobs = dict(zip(keys, deps.visualizations.find_all(list(keys.values())), strict=True))

    def picture(sign: Sign) -> OptimizedPicture:
        job = jobs[sign]
        if isinstance(job, OtherVersion):
            raise job
        return OptimizedPicture.of(sign, keys[sign], job, None if job is None else deps.evidences.of(job))

    examples = scan_results.examples_if_any(deps, entry, layer, channel, dataset)
    wanted = found_scans.wanted(entry, layer, dataset)
    if examples is None:
        scan = found_scans.asked_for(deps, entry, wanted)
    else:
        scan = ScanOfUnit(key=examples.scan, status="succeeded", url=addresses.scan(examples.scan))
    return Spectrum.of(picture("negative"), picture("positive"), specs, examples, scan, wanted)


async def ask(deps: Dependencies, missing: Spectrum, client: str, token: str | None, response: Response) -> AskedFor:
    """Asks for what is missing, and sets the headers of `response` that say what is left of the quota of `client`.

    `token` is its `Idempotency-Key`, of which each part gets its own.

    The pictures are one sweep, in which one that is there is not made again. Raises what asking for either raises.
    """
    parts = {one.part for one in missing.missing}
    unit = missing.model, missing.layer, missing.channel
    address = addresses.with_query(addresses.spectrum(*unit), {"dataset": missing.dataset})
    asked = AskedFor(sweep=None, scan=None, links={"spectrum": address})
    if parts - {"examples"}:
        spec = SweepSpec(
            model=missing.model, layer=missing.layer, channels=[missing.channel], signs=["positive", "negative"]
        )
        asked.sweep, headers = await sweep_requests.submit(deps, spec, client, token and f"{token} sweep")
        response.headers.update(headers)
    if "examples" in parts:
        sent = job_requests.Headers(client, token and f"{token} scan", ())
        if deps.quota is not None and not await run_in_threadpool(deps.retries.answered, client, sent.token):
            response.headers.update(await run_in_threadpool(charge, deps.quota, client))
        request = SCAN.spec.model_validate(next(one for one in missing.missing if one.part == "examples").request)
        own = Response(status_code=202)
        asked.scan = await job_requests.submit(deps, SCAN, request, sent, own)
    return asked
