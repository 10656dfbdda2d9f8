"""The kind `scan`: what all units of some layers say to all images of a data set."""

from __future__ import annotations

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.dataset_entry import DatasetEntry
from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.jobs.catalog.layer_names import chosen_layers
from featurelens.jobs.catalog.resolution import check_photograph, resolve_size
from featurelens.jobs.errors import InvalidSpec, OutOfRange
from featurelens.jobs.kinds.base import Kind, holding_of_dataset
from featurelens.jobs.memory import scanned
from featurelens.jobs.spec.scan import ScanSpec


class Scan(Kind[ScanSpec]):
    """One forward pass over all images of a data set; its steps are images."""

    name = "scan"
    prefix = "fs1_"
    spec = ScanSpec
    seconds = 7 * 24 * 3600
    limit = "scan"
    edition = 3
    """1: without the mean after a ReLU; 2: without units that answer alike, of images as they lie in files."""

    def resolve(self, catalog: Catalog, spec: ScanSpec) -> tuple[ScanSpec, ModelEntry]:
        """Fills in the recommended layers, the network's own size, and what the data set is now."""
        entry = catalog.model(spec.model)
        check_photograph(entry, "/model")
        dataset = catalog.datasets.named(spec.dataset)
        _check(spec, dataset)
        changes = {
            "model": entry.name,
            "layers": chosen_layers(entry, catalog.layers(entry), spec.layers),
            "size": resolve_size(spec.size, entry),
            "identity": dataset.identity,
            "images": dataset.images,
        }
        return spec.model_copy(update=changes), entry

    def cost(self, spec: ScanSpec) -> int:
        """Images x height x width."""
        assert spec.size is not None
        return self.steps(spec) * spec.size[0] * spec.size[1]

    def memory(self, catalog: Catalog, spec: ScanSpec) -> int:
        entry = catalog.model(spec.model)
        assert spec.size is not None
        return scanned(spec.layers or [], spec.size, entry, catalog.layers(entry))

    def needs(self, spec: ScanSpec, entry: ModelEntry) -> tuple[str, ...]:
        return (*super().needs(spec, entry), holding_of_dataset(spec.dataset, spec.identity))

    def steps(self, spec: ScanSpec) -> int:
        assert spec.images is not None
        return spec.images


def _check(spec: ScanSpec, dataset: DatasetEntry) -> None:
    """Raises `InvalidSpec` for a data set that is empty or another one than the spec says."""
    if not dataset.images:
        raise InvalidSpec.at("/dataset", f"the data set {dataset.name} has no images")
    if spec.identity not in {None, dataset.identity}:
        detail = f"the data set {dataset.name} has changed: its identity is {dataset.identity} now"
        raise InvalidSpec.at("/identity", detail)
    if spec.images not in {None, dataset.images}:
        raise OutOfRange.at("/images", f"the data set {dataset.name} has {dataset.images} images; leave it out")
