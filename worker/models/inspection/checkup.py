"""Looks a network over for its operator: does it load, are its files whole, do labels and preprocessing make sense?"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from errno import EINVAL
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from featurelens.engine.extraction.hooks import first_of, read
from featurelens.engine.network import Network
from featurelens.engine.photograph import as_picture
from featurelens.engine.precision import best_dtype
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry
from featurelens.jobs.errors import ModelLoadFailed
from featurelens.jobs.plain_picture import deep, plain
from featurelens.worker.models.inspection.ascent import small_size, wrong_layers
from featurelens.worker.models.inspection.layers import Description
from featurelens.worker.models.registry import Registry

SHOWN = 5
"""Classes told for a photograph, and layers for a reason."""

CPU = torch.device("cpu")

FAR = 6.0
"""Standard deviations: nothing prepared as in training lies further out."""

FLAT = 0.2
"""And from dark to light it is more than that."""


@dataclass(frozen=True)
class Finding:
    """One thing seen. `wrong` says that somebody should look into it."""

    text: str
    wrong: bool = False


def check(
    registry: Registry,
    name: str,
    photograph: Path | None = None,
    label: str | None = None,
    device: torch.device = CPU,
) -> Iterator[Finding]:
    """What is found, as it is found. `label` is what the photograph shows, as the network's labels say it.

    `device` is where steps are made.
    """
    entries = registry.entries()
    entry = next((one for one in entries if name == one.name or name in one.aliases), None)
    if entry is None:
        known = [known for one in entries for known in (*one.aliases, one.name)]
        yield Finding(f"there is no network {name!r}{_nearest(name, known)}", wrong=True)
        return
    yield Finding(f"{name} is {entry.name}")
    try:
        description = registry.description(entry.name)
        network = registry.load(entry.name)
    except ModelLoadFailed as error:
        yield Finding(error.detail, wrong=True)
        return
    layers = description.layers
    millions = sum(value.numel() for value in network.module.parameters()) / 1e6
    yield Finding(f"it loads: {millions:.1f} million parameters, sha256 of the weights {network.sha256}")
    yield from (Finding(note) for note in network.notes)
    yield Finding(f"{len(layers)} layers, look at first: {', '.join(one.name for one in layers if one.recommended)}")
    yield from _left_out(description)
    yield Finding(_shown(network))
    yield from _classes(entry, layers)
    if entry.classes_layer not in {one.name for one in layers}:
        entry = entry.model_copy(update={"classes_layer": None})
    if photograph is not None and network.takes is None:
        yield Finding("it takes no photographs: photograph in model.json says which channels they go to", wrong=True)
        photograph = None
    try:
        yield from _seen(network, entry, photograph, label)
    except OSError as error:
        yield Finding(f"the photograph cannot be read: {error.strerror or 'it is no picture'}", wrong=True)
    except (RuntimeError, ValueError, IndexError) as error:
        size = "x".join(map(str, entry.input_size))
        yield Finding(f"it does not run on {size} pixels: {error}", wrong=True)
    yield from _steps(network, entry, layers, device)


def _shown(network: Network) -> str:
    """What a picture shows, and where a photograph goes."""
    count = network.preprocessing.channels
    shown = f"all {count} channels of the input on a sheet" if network.shows == "sheet" else _named(network.shows)
    goes = "are not taken" if network.takes is None else f"go to {_named(network.takes)}"
    return f"pictures show {shown}; photographs {goes}"


def _named(channels: tuple[int, ...]) -> str:
    if len(channels) == 1:
        return f"channel {channels[0]} as grey"
    return f"channels {', '.join(map(str, channels))} as red, green and blue"


def _left_out(description: Description) -> Iterator[Finding]:
    """The layers that cannot be pictured, by the reason."""
    names: dict[str, list[str]] = {}
    for name, reason in description.left_out.items():
        names.setdefault(reason, []).append(name)
    for reason, left_out in names.items():
        rest = f" and {len(left_out) - SHOWN} more" if len(left_out) > SHOWN else ""
        yield Finding(f"left out: {', '.join(left_out[:SHOWN])}{rest}: {reason}")


def _steps(network: Network, entry: ModelEntry, layers: list[LayerEntry], device: torch.device) -> Iterator[Finding]:
    """A step of gradient ascent at every layer."""
    size = small_size(entry)
    failed = 0
    for layer, reason in wrong_layers(network, layers, size, device):
        failed += 1
        yield Finding(f"layer {layer}: {reason}", wrong=True)
    if failed < len(layers):
        where = f"{size[0]}x{size[1]} pixels in {str(best_dtype(device)).removeprefix('torch.')}"
        yield Finding(
            f"{len(layers) - failed} layers take a step of gradient ascent, {where}, as the network itself says"
        )


def _classes(entry: ModelEntry, layers: list[LayerEntry]) -> Iterator[Finding]:
    layer = next((one for one in layers if one.name == entry.classes_layer), None)
    if entry.classes_layer is None:
        yield Finding("no layer of classes is named: classes cannot be asked for by label")
    elif layer is None:
        yield Finding(f"its layer of classes, {entry.classes_layer}, is none of its layers", wrong=True)
    elif entry.labels is None:
        yield Finding(f"its layer of classes, {layer.name}, has {layer.channels} units and no labels")
    elif len(entry.labels) != layer.channels:
        counts = f"{len(entry.labels)} labels for the {layer.channels} units of {layer.name}"
        yield Finding(f"{counts}: the file of labels belongs to another network", wrong=True)
    else:
        yield Finding(f"{layer.channels} labels for the units of {layer.name}: {', '.join(entry.labels[:3])}, ...")


def _seen(network: Network, entry: ModelEntry, photograph: Path | None, label: str | None) -> Iterator[Finding]:
    picture = _drawn(entry) if photograph is None else _opened(photograph, entry, network)
    prepared = network.preprocessing(picture)
    low, high = float(prepared.min()), float(prepared.max())
    odd = max(abs(low), abs(high)) > FAR or high - low < FLAT
    hint = "; are mean and std for the value_range that is given, or for 0 to 255?" if odd else ""
    yield Finding(f"prepared, the picture lies between {low:.2f} and {high:.2f}{hint}", wrong=odd)
    scores, grey = _scores(network, entry, picture), _scores(network, entry, torch.full_like(picture, 0.5))
    if not bool(scores.isfinite().all()):
        yield Finding("it answers with what is no number: are the weights whole?", wrong=True)
        return
    if torch.allclose(scores, grey, rtol=1e-4, atol=1e-6):
        yield Finding("it answers to a picture as it does to plain grey: are these its trained weights?", wrong=True)
    if photograph is None:
        advice = "; give it a photograph to see whether it knows that" if network.takes is not None else ""
        yield Finding(f"it tells a drawn pattern from plain grey{advice}")
        return
    if entry.labels is None or len(entry.labels) != len(scores):
        return
    shares = scores.softmax(0)
    best = ", ".join(f"{entry.labels[k]} {shares[k]:.0%}" for k in shares.argsort(descending=True)[:SHOWN].tolist())
    yield Finding(f"in {photograph.name} it sees {best}")
    if label is not None:
        yield from _recognized(network, entry, picture, label)


def _recognized(network: Network, entry: ModelEntry, picture: Tensor, label: str) -> Iterator[Finding]:
    """Whether the label is among the first; if not, whether it would be, were the picture prepared otherwise."""
    labels = [one.casefold() for one in entry.labels or ()]
    if label.casefold() not in labels:
        yield Finding(f"it has no class {label!r}{_nearest(label.casefold(), labels)}", wrong=True)
        return
    own = labels.index(label.casefold())
    rank = _rank(_scores(network, entry, picture), own)
    if rank <= SHOWN:
        yield Finding(f"{label} comes {_ordinal(rank)}: preprocessing and labels fit")
        return
    plain = network.preprocessing
    others: dict[str, Callable[[Tensor], Tensor]] = {
        "with the colours in the order blue, green, red": lambda given: plain(_backwards(given, network)),
        "with values from 0 to 255 before mean and std": replace(plain, low=0.0, high=255.0),
        "with values from -1 to 1 and no mean and std": lambda given: given * 2 - 1,
        "with values from 0 to 1 and no mean and std": lambda given: given,
    }
    ranks = {what: _rank(_scores(network, entry, picture, prepare), own) for what, prepare in others.items()}
    better = min(ranks, key=lambda what: ranks[what])
    advice = f"; {better} it would come {_ordinal(ranks[better])}" if ranks[better] <= SHOWN else ""
    yield Finding(f"{label} comes only {_ordinal(rank)}: preprocessing or labels do not fit{advice}", wrong=True)


def _scores(
    network: Network, entry: ModelEntry, picture: Tensor, prepare: Callable[[Tensor], Tensor] | None = None
) -> Tensor:
    """One number per class, or per number of the network's answer where no layer of classes is named."""
    inputs = (prepare or network.preprocessing)(picture)
    with torch.no_grad():
        if entry.classes_layer is None:
            answer = first_of(network.module(inputs), Tensor)
            if answer is None:
                raise ValueError("its answer holds no tensor")
            return answer[0].flatten()
        value = read(network.module, inputs, [entry.classes_layer])[entry.classes_layer].value[0]
    return value if value.ndim == 1 else value.mean((1, 2))


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=5, cutoff=0.4)
    return f"; nearest: {', '.join(near)}" if near else ""


def _rank(scores: Tensor, index: int) -> int:
    return int((scores > scores[index]).sum()) + 1


def _ordinal(rank: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(rank, f"{rank}th")


def _opened(path: Path, entry: ModelEntry, network: Network) -> Tensor:
    """(1, C, H, W) in [0, 1]: the photograph in the size of the network's input. Raises OSError."""
    with Image.open(path) as image:
        if deep(image):
            raise OSError(EINVAL, "it has more than 8 bits a channel")
        return as_picture(plain(image), entry.input_size, network)[None]


def _backwards(picture: Tensor, network: Network) -> Tensor:
    """With what a photograph has brought in the other order."""
    places = list(network.takes or ())
    changed = picture.clone()
    changed[:, places[::-1]] = picture[:, places]
    return changed


def _drawn(entry: ModelEntry) -> Tensor:
    """(1, C, H, W): rings, in a colour of their own in every channel."""
    height, width = entry.input_size
    y, x = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    radius = torch.hypot(x, y)
    return torch.stack([(radius * 20 + 2 * k).sin() / 2 + 0.5 for k in range(entry.input_channels)])[None]
