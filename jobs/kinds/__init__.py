"""The kinds of jobs: this is the one place that lists them.

A kind is a module of the same name in four rooms: its spec in `jobs.spec`, the `Kind` in `jobs.kinds`, its work in
`worker.renderer.kinds`, its resource in `service.schemas`. Its endpoints are in `service.endpoints`. All else about a
job is shared: record, queue, slot, progress, cancel, retry, result, list, events.
"""

from __future__ import annotations

from typing import Any

from featurelens.jobs.kinds.activations import Activations
from featurelens.jobs.kinds.attribution import Attribution
from featurelens.jobs.kinds.base import KEY_PATTERN, Kind
from featurelens.jobs.kinds.comparison import Comparison
from featurelens.jobs.kinds.filters import Filters
from featurelens.jobs.kinds.maps import Maps
from featurelens.jobs.kinds.scan import Scan
from featurelens.jobs.kinds.visualization import Visualization

VISUALIZATION = Visualization()
ACTIVATIONS = Activations()
MAPS = Maps()
FILTERS = Filters()
SCAN = Scan()
ATTRIBUTION = Attribution()
COMPARISON = Comparison()

KINDS: tuple[Kind[Any], ...] = (VISUALIZATION, ACTIVATIONS, MAPS, FILTERS, SCAN, ATTRIBUTION, COMPARISON)

_BY_PREFIX = {kind.prefix: kind for kind in KINDS}


def kind_of(key: str) -> Kind[Any]:
    """The kind of the job with this key. Raises ValueError for a string that is no key."""
    kind = _BY_PREFIX.get(key[:4]) if KEY_PATTERN.fullmatch(key) else None
    if kind is None:
        raise ValueError(f"no key: {key[:80]!r}")
    return kind


def with_spec(fields: Any) -> Any:
    """`fields` with its `spec` parsed as the kind of its `key` says; unchanged where it has no spec to parse."""
    if not isinstance(fields, dict) or not isinstance(fields.get("spec"), dict):
        return fields
    return {**fields, "spec": kind_of(fields["key"]).spec.model_validate(fields["spec"])}
