"""Reading weights takes several short ticks, between which others have theirs."""

from __future__ import annotations

from featurelens.engine.filters import filters_of
from featurelens.jobs.kinds import FILTERS
from featurelens.jobs.spec.filters import FiltersSpec
from featurelens.worker.protocol import Ask
from featurelens.worker.renderer.filter_sheet import FilterSheet
from featurelens.worker.renderer.kinds.filters import WeightsReadings
from tests.support import weighted_networks as nets
from tests.support.weighted_networks import SIZE, double


def test_in_parts() -> None:
    network = double(nets.plain())
    spec = FiltersSpec(model="m", layer="act2", channel=1, size=SIZE, units=4)
    readings = WeightsReadings()
    work = readings.begin(Ask(key=FILTERS.prefix + "0" * 64, spec=spec, digest="d"), network, 0.0)
    ticks = 1
    while not work.tick([work]):
        assert (work.step, list(readings.groups())) == (0, [work])
        ticks += 1
    assert ticks > 4
    assert (work.step, list(readings.groups())) == (1, [])
    told, pixels = work.finish()
    whole, same = FilterSheet(filters_of(network, "act2", 1, SIZE, 4), network).message({})
    assert (pixels, told.numbers | whole.numbers) == (same, told.numbers)
