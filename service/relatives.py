"""The units that answer like one over a data set, and those that answer to the contrary, with what there is to see."""

from __future__ import annotations

from typing import Any

from featurelens.jobs import addresses
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry
from featurelens.jobs.errors import UnknownDataset
from featurelens.service import found_scans
from featurelens.service.dependencies import Dependencies
from featurelens.service.found_scans import Found
from featurelens.service.scan_lines import shape_of
from featurelens.service.schemas.alike import Alike, Relative, ScanAgain
from featurelens.service.schemas.examples import Example

_LISTS = ("alike", "opposite")


def find(deps: Dependencies, entry: ModelEntry, layer: LayerEntry, channel: int, dataset: str | None) -> Alike:
    """From the scan that `examples` tells of. Blocks. Raises `NotFound` where there is none, or where it is gone."""
    found = found_scans.telling(deps, entry, layer, dataset)
    line = found_scans.line_of(deps, found, layer, channel)
    lists = {name: line.get(name) for name in _LISTS}
    shown = _shown(deps, entry, layer, found, [one["channel"] for told in lists.values() for one in told or ()])
    unit = entry.name, layer.name, channel
    return Alike(
        model=entry.name,
        layer=layer.name,
        channel=channel,
        dataset=found.spec.dataset,
        scan=found.result.key,
        current=found.current,
        same_network=found.same_network,
        preactivation=shape_of(found.result, layer.name)["preactivation"],
        images=line["images"],
        sampled=line.get("sampled"),
        **{
            name: None
            if told is None
            else [Relative(**one, **shown[one["channel"]]) for one in told if one["channel"] in shown]
            for name, told in lists.items()
        },
        again=_again(deps, entry, layer, found) if lists["alike"] is None else None,
        links={
            "unit": addresses.unit(*unit),
            "examples": addresses.with_query(addresses.examples(*unit), {"dataset": found.spec.dataset}),
            "scan": addresses.scan(found.result.key),
            "table": addresses.scan_table(found.result.key),
        },
    )


def _shown(
    deps: Dependencies, entry: ModelEntry, layer: LayerEntry, found: Found, channels: list[int]
) -> dict[int, dict[str, Any]]:
    """By channel: the newest finished pictures of these units, and the image that raises them most."""
    lines = deps.scans.lines(found.result, layer.name, channels)
    pictures, complete = deps.layer_pictures.of_each(entry, layer, channels)
    if not complete:
        deps.whole_index.check()
    query = {"dataset": found.spec.dataset}
    return {
        one.channel: {
            "label": one.label,
            "positive": one.positive,
            "negative": one.negative,
            "active": lines[one.channel]["active"],
            "strongest": Example.of(
                found.result.key, layer.name, lines[one.channel]["strongest"][0], crops=deps.settings.dataset_crops
            ),
            "unit": addresses.unit(entry.name, layer.name, one.channel),
            "alike": addresses.with_query(addresses.alike(entry.name, layer.name, one.channel), query),
        }
        for one in pictures
        if one.channel in lines
    }


def _again(deps: Dependencies, entry: ModelEntry, layer: LayerEntry, found: Found) -> ScanAgain | None:
    wanted = found_scans.wanted(entry, layer, found.spec.dataset)
    try:
        scan = found_scans.asked_for(deps, entry, wanted)
    except UnknownDataset:
        return None
    request = wanted.model_dump(mode="json", exclude_unset=True)
    return ScanAgain(**scan.model_dump(), to=addresses.SCANS, request=request)
