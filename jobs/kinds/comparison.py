"""The kind `comparison`: how alike the paths of a picture and of its unit's best examples are."""

from __future__ import annotations

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.jobs.catalog.layer_names import chosen_layers
from featurelens.jobs.catalog.resolution import check_photograph, resolve_size
from featurelens.jobs.kinds.base import Kind, Listed, holding_of_dataset
from featurelens.jobs.memory import most_numbers
from featurelens.jobs.spec.comparison import ComparisonSpec

RANKED = 1 << 15
"""Numbers of a layer that are kept of each picture, at most (`engine.path_similarity`)."""
_FLOAT = 4


class Comparison(Kind[ComparisonSpec]):
    """One forward pass over each picture and each image; its steps are those."""

    name = "comparison"
    prefix = "fc1_"
    spec = ComparisonSpec
    edition = 3
    """1: without `means`; 2: of images as they lie in their files, not made plain."""

    def resolve(self, catalog: Catalog, spec: ComparisonSpec) -> tuple[ComparisonSpec, ModelEntry]:
        """Checks network, layers and size; there is nothing to fill in."""
        entry = catalog.model(spec.model)
        check_photograph(entry, "/visualization")
        resolve_size(spec.size, entry)
        layers = chosen_layers(entry, catalog.layers(entry), spec.layers)
        return spec.model_copy(update={"model": entry.name, "layers": layers}), entry

    def cost(self, spec: ComparisonSpec) -> int:
        """Pictures and images x height x width."""
        return self.steps(spec) * spec.size[0] * spec.size[1]

    def memory(self, catalog: Catalog, spec: ComparisonSpec) -> int:
        entry = catalog.model(spec.model)
        numbers = most_numbers(spec.layers, spec.size, entry, catalog.layers(entry))
        return _FLOAT * self.steps(spec) * sum(min(RANKED, one) for one in numbers)

    def needs(self, spec: ComparisonSpec, entry: ModelEntry) -> tuple[str, ...]:
        return (*super().needs(spec, entry), holding_of_dataset(spec.dataset, spec.identity))

    def steps(self, spec: ComparisonSpec) -> int:
        return len(spec.photos) + len(spec.examples) + len(spec.random)

    def listed(self, spec: ComparisonSpec) -> Listed:
        return Listed(spec.layer, spec.channel, spec.sign)

    def subject(self, spec: ComparisonSpec) -> str:
        return spec.visualization
