"""How large the feature maps of a layer are at a size of the picture, as far as the catalog makes it certain."""

from __future__ import annotations

from featurelens.jobs.catalog.entries import LayerEntry

PADDING = 64
"""Pixels: a network may pad its input to a multiple of some number, which is hardly ever larger."""


def largest(layer: LayerEntry, own: tuple[int, int], size: tuple[int, int]) -> tuple[int | None, int | None]:
    """Height and width, in positions, that the layer has at most in pictures of `size`; None where nobody knows.

    Exact at `own`, the network's own size, and for vectors, which have one position; tokens are rows. A smaller picture
    has no larger maps, but perhaps as large ones, behind adaptive pooling. A larger one has at most another position
    for every stride that it is larger: so much a filter, however it rounds, adds to what it gets.
    """
    height, width = layer.height or 1, layer.width or 1
    larger = [max(0, asked - known) for asked, known in zip(size, own, strict=True)]
    if layer.kind == "vector" or not any(larger):
        return height, width
    if layer.stride is None:
        return None, 1 if layer.width is None else None
    more = [-(-(pixels + PADDING) // step) if pixels else 0 for pixels, step in zip(larger, layer.stride, strict=True)]
    return height + more[0], width + more[1]
