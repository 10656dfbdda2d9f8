"""The kind `visualization`: a picture of what a unit responds to, made by optimization."""

from __future__ import annotations

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.jobs.catalog.known_networks import KnownNetworks
from featurelens.jobs.catalog.resolution import resolve
from featurelens.jobs.kinds.base import Kind, Listed, digest
from featurelens.jobs.memory import estimate, layers_read
from featurelens.jobs.spec.transforms import TransformRanges
from featurelens.jobs.spec.visualization import VisualizationSpec


class Visualization(Kind[VisualizationSpec]):
    """Gradient ascent on the input image of a frozen network."""

    name = "visualization"
    prefix = "fv1_"
    spec = VisualizationSpec
    photo_pointer = "/objective/photo"

    def resolve(self, catalog: KnownNetworks, spec: VisualizationSpec) -> tuple[VisualizationSpec, ModelEntry]:
        return resolve(catalog, spec)

    def cost(self, spec: VisualizationSpec) -> int:
        """Steps x height x width x pictures x views."""
        assert spec.size is not None
        height, width = spec.size
        views = (spec.transform or TransformRanges()).views
        return spec.steps * height * width * spec.pictures * views

    def memory(self, catalog: Catalog, spec: VisualizationSpec) -> int:
        entry = catalog.model(spec.model)
        return estimate(spec, entry, catalog.layers(entry))

    def steps(self, spec: VisualizationSpec) -> int:
        return spec.steps

    def lane(self, spec: VisualizationSpec, weights: str) -> str:
        """One network, the same layers, one size: what shares a forward pass."""
        return digest([weights, sorted(layers_read(spec)), spec.size])

    def photo(self, spec: VisualizationSpec) -> str | None:
        return spec.photo

    def listed(self, spec: VisualizationSpec) -> Listed:
        return Listed(spec.layer, spec.listed_channel, spec.sign)

    def _key(self, spec: VisualizationSpec, weights: str, renderer: str, edition: int) -> str:
        """The digest of the other kinds covers their name; this one does not, because it was the only kind at first."""
        if spec.size is None or spec.transform is None:
            raise ValueError("the key of an unresolved spec: defaults are not filled in")
        return self.prefix + digest({"renderer": renderer, "spec": spec.model_dump(mode="json"), "weights": weights})
