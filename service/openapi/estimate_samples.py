"""Samples of estimates."""

from __future__ import annotations

from featurelens.jobs.kinds import VISUALIZATION
from featurelens.service.openapi.samples import SUCCEEDED
from featurelens.service.schemas.estimate import SweepEstimate, VisualizationEstimate

_ONE = VISUALIZATION.cost(SUCCEEDED.spec)
_PICTURES = 16

PICTURE = VisualizationEstimate(
    key=SUCCEEDED.key,
    status=None,
    spec=SUCCEEDED.spec,
    cost=_ONE,
    cost_limit=1 << 32,
    memory=9_400_000,
    memory_limit=12 << 30,
    seconds=1.4,
    waiting=0,
)
SWEEP = SweepEstimate(
    total=_PICTURES,
    made=4,
    underway=0,
    missing=12,
    spec=SUCCEEDED.spec,
    cost=_ONE * _PICTURES,
    cost_limit=1 << 38,
    memory=PICTURE.memory,
    memory_limit=PICTURE.memory_limit,
    seconds=7.2,
    waiting=0,
)
