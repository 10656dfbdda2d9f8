"""What came of a job: a picture with its numbers, or what a network sees in a photograph."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image


class Result:
    """`data` is the whole resource, as the service tells it (docs/api.md)."""

    def __init__(self, data: Mapping[str, Any], url: str | None) -> None:
        self.data = data
        self.url = url
        """Where it is; None: it was made without a service."""

    @property
    def key(self) -> str:
        """Names it for ever."""
        return str(self.data["key"])

    @property
    def params(self) -> dict[str, Any]:
        """The full specification, every default filled in: asked for again, it gives the same."""
        return dict(self.data["spec"])

    @property
    def numbers(self) -> dict[str, Any]:
        """What was measured: for a picture the unit's activation on it in float32, the curve, seconds, versions."""
        return dict(self.data.get("numbers") or {})

    def __getitem__(self, name: str) -> Any:
        """One part of `data`."""
        return self.data[name]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.key[:12]} {address(self.params)}>"


class Attribution(Result):
    """Which pixels of a photograph made a unit fire: `png` shows it over the photograph. Shows itself in a notebook."""

    def __init__(self, data: Mapping[str, Any], png: bytes, url: str | None) -> None:
        super().__init__(data, url)
        self.png = png

    @property
    def image(self) -> Image:
        return _opened(self.png)

    def save(self, path: str | Path) -> Path:
        """Writes `png` and returns where it is."""
        target = Path(path)
        target.write_bytes(self.png)
        return target

    def _repr_png_(self) -> bytes:
        return self.png


class Visualization(Result):
    """A finished picture, or several that were made together. Shows itself in a notebook.

    `pngs` are the files: the pictures, and behind them all on one sheet, where there are several.
    """

    def __init__(self, data: Mapping[str, Any], pngs: Sequence[bytes], url: str | None) -> None:
        super().__init__(data, url)
        self.pngs = tuple(pngs)

    @property
    def evidence(self) -> list[dict[str, Any]]:
        """How the activation that was reached compares with the images of data sets that were scanned."""
        return list(self.data.get("evidence") or [])

    @property
    def image(self) -> Image:
        """The picture; where there are several, the sheet."""
        return _opened(self.pngs[-1])

    @property
    def images(self) -> list[Image]:
        """Each of the pictures, snapshots behind them."""
        return [_opened(png) for png in (self.pngs[:-1] if len(self.pngs) > 1 else self.pngs)]

    def save(self, path: str | Path) -> Path:
        """Writes what `image` shows and returns where it is.

        As PNG it is the file as it was made, with its specification (`featurelens params` reads that); other formats,
        by the ending of `path`, have the picture alone.
        """
        target = Path(path)
        if target.suffix.lower() in {"", ".png"}:
            target.write_bytes(self.pngs[-1])
        else:
            picture = self.image
            (picture.convert("RGB") if target.suffix.lower() in {".jpg", ".jpeg"} else picture).save(target)
        return target

    def _repr_png_(self) -> bytes:
        return self.pngs[-1]

    def __repr__(self) -> str:
        spec = self.data["spec"]
        activation = self.numbers.get("activation")
        reached = "" if activation is None else f", activation {activation:.4g}"
        return f"<Visualization {address(spec)} {spec['sign']}, {spec['steps']} steps{reached}>"


class Activations(Result):
    """What a network sees in a photograph."""

    @property
    def classes(self) -> list[dict[str, Any]]:
        """The likeliest first: `channel`, `label`, `logit`, `probability`; empty for a network without classes."""
        return list(self.data["classes"])

    @property
    def layers(self) -> list[dict[str, Any]]:
        """Of each its `layer` and four lists of units: `highest`, `lowest`, `highest_mean`, `lowest_mean`."""
        return list(self.data["layers"])

    def __repr__(self) -> str:
        likeliest = [str(one["label"] or one["channel"]) for one in self.classes[:3]]
        return f"<Activations of {self.data['spec']['model']}: {', '.join(likeliest) or 'no classes'}>"


def address(spec: Mapping[str, Any]) -> str:
    """What a specification is about, as people write it: ``model/layer:channel``."""
    channel = spec.get("channel")
    if channel is None:
        channel = (spec.get("objective") or {}).get("label")
    layer = spec.get("layer")
    named = spec["model"] if layer is None else f"{spec['model']}/{layer}"
    return named if channel is None else f"{named}:{channel}"


def _opened(png: bytes) -> Image:
    from PIL import Image

    image = Image.open(io.BytesIO(png))
    image.load()
    return image
