"""The branches of a concatenation: which channels of the whole each of them makes, and what it is."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from featurelens.jobs.catalog.entries import Branch
from featurelens.worker.models.inspection.channels import channel_axis
from featurelens.worker.models.inspection.receptive_field import ReceptiveField, receptive_field

_MAKER = "_featurelens_maker"
_NOTES = {("torchvision.models.googlenet", "branch3"): "the 5x5 of the paper, but torchvision's filters are 3x3"}
"""By the file of the module and the name of the branch."""


def made_by(value: Tensor, name: str) -> None:
    """`value` is what the layer `name` answers with; the outermost of several has the last word."""
    setattr(value, _MAKER, name)


def branches(module: nn.Module, parts: Sequence[Tensor], inputs: Tensor | None) -> tuple[Branch, ...]:
    """`parts` make up the answer of `module`, in the order of their channels; `inputs` is what it was given."""
    start = None if inputs is None else receptive_field(inputs)
    found, first = [], 0
    for part in parts:
        axis = channel_axis(part)
        if axis is None:
            return ()
        channels = part.shape[axis]
        layer: str | None = getattr(part, _MAKER, None)
        own = "" if layer is None else layer.rpartition(".")[2]
        name = "input" if part is inputs else _kind(start, receptive_field(part)) or own or "branch"
        note = _NOTES.get((type(module).__module__, own), "")
        found.append(Branch(name=name, layer=layer, first=first, channels=channels, note=note))
        first += channels
    return tuple(found)


def _kind(start: ReceptiveField | None, end: ReceptiveField | None) -> str:
    """pool, or the filter that does the same as the whole branch: 3x3 after 3x3 sees as much as 5x5."""
    if start is None or end is None:
        return ""
    if end.pools > start.pools:
        return "pool"
    height, width = ((end.size[axis] - start.size[axis]) // start.stride[axis] + 1 for axis in (0, 1))
    return f"{height}x{width}"
