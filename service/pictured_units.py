"""The units of a layer that a scan read, with what their finished pictures reach beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.jobs.errors import UnknownModel
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.spec.base import Sign
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.result import Result
from featurelens.service.dependencies import Dependencies
from featurelens.service.evidence import compared, unit_of
from featurelens.service.known_scans import tells_of
from featurelens.service.schemas.comparison import ComparisonSort, likenesses
from featurelens.service.schemas.evidence import Evidence

_TOGETHER = 200
"""Pictures read from the store at once."""
_PAGES = 40
"""Pages of the list of all jobs that are read at most, each of which looks through some thousand jobs."""


class Pictured(NamedTuple):
    """The latest picture of a unit of which there is evidence, or, where likeness is asked for, also that."""

    key: str
    evidence: Evidence
    likeness: float | None


def pictured(
    deps: Dependencies,
    scan: Result,
    layer: str,
    sign: Sign,
    lines: Iterable[dict[str, Any]],
    alike: ComparisonSort | None = None,
) -> dict[int, Pictured]:
    """By channel; `lines` are what the scan says of each unit of the layer. `alike`: the likeness that is asked for.

    Pictures count as for `evidence`: of the weights that were scanned, at the size of the scan.
    """
    spec = scan.spec
    assert isinstance(spec, ScanSpec)
    try:
        entry = deps.catalog.model(spec.model)
    except UnknownModel:
        return {}
    if not tells_of(scan, entry.digest, entry.renderer):
        return {}
    told = {line["channel"]: line for line in lines}
    found: dict[int, Pictured] = {}
    for result, picture in _pictures(deps, entry, layer, sign):
        unit = unit_of(picture)
        if unit is None or unit.channel not in told or picture.size != spec.size:
            continue
        known = found.get(unit.channel)
        if known is not None and (alike is None or known.likeness is not None):
            continue
        likeness = _likeness(deps, result.key, entry, spec.dataset, layer, alike) if alike else None
        if known is not None and likeness is None:
            continue
        evidence = compared(result.numbers, scan, unit, told[unit.channel])
        if evidence is not None:
            found[unit.channel] = Pictured(result.key, evidence, likeness)
            if alike is None and len(found) == len(told):
                break
    return found


def _pictures(
    deps: Dependencies, entry: ModelEntry, layer: str, sign: Sign
) -> Iterator[tuple[Result, VisualizationSpec]]:
    """Finished ones of the network as it is now, asked for last comes first."""
    deps.whole_index.check()
    cursor: str | None = None
    for _ in range(_PAGES):
        lines, cursor = deps.index.page(
            VISUALIZATION, _TOGETHER, cursor, model=entry.name, layer=layer, sign=sign, status="succeeded"
        )
        keys = [line.key for line in lines]
        results: Mapping[str, Any] = deps.store.get_all(keys) if keys else {}
        for key in keys:
            found = results.get(key)
            if not isinstance(found, Result) or not isinstance(found.spec, VisualizationSpec):
                continue
            if VISUALIZATION.key(found.spec, entry.digest, entry.renderer) == key:
                yield found, found.spec
        if cursor is None:
            return


def _likeness(
    deps: Dependencies, key: str, entry: ModelEntry, dataset: str, layer: str, alike: ComparisonSort
) -> float | None:
    found = deps.comparisons.of(deps.index.about(key), entry.digest, entry.renderer).get(dataset)
    return None if found is None else likenesses(found.layers, layer)[alike]
