"""All that can be asked of the service, written once for both clients (`featurelens.client.steps`)."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from featurelens.client import watching
from featurelens.client.entries import Layer, Model, Unit
from featurelens.client.one_by_one import swept_one_by_one
from featurelens.client.progress import OVER
from featurelens.client.results import Activations, Attribution, Result, Visualization
from featurelens.client.retries import answered, once, told
from featurelens.client.steps import Emit, Request, Steps
from featurelens.client.watching import Report
from featurelens.jobs import addresses
from featurelens.jobs.errors import InvalidSpec, NotFound

if TYPE_CHECKING:
    from typing import TypeAlias

    from PIL.Image import Image

    Photo: TypeAlias = str | Path | bytes | Image
    """Its path, the bytes of its file, or what is open; or how the service names one, or a visualization."""

KINDS = {
    "fv": addresses.VISUALIZATIONS,
    "fa": addresses.ACTIVATIONS,
    "fm": addresses.MAPS,
    "ff": addresses.FILTERS,
    "ft": addresses.ATTRIBUTIONS,
    "fs": addresses.SCANS,
    "fc": addresses.COMPARISONS,
}
"""Where jobs of a kind are, by the first two characters of their keys."""

LISTED = tuple(root.rpartition("/")[2] for root in KINDS.values())
"""The kinds as lists name them: visualizations, activations, ..."""

_NAME = re.compile(r"sha256:.*|f[a-z]\d+_[0-9a-f]{64}")
"""Of a photograph, or of a job whose picture is taken for one."""

_SIGNATURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}


@dataclass(frozen=True)
class Operations:
    """Against the service at `url`; what fails for a passing reason is repeated for `patience` seconds."""

    url: str
    patience: float

    def absolute(self, path: str) -> str:
        return f"{self.url}{path}"

    # What there is

    def models(self, q: str | None = None, downloaded: bool | None = None) -> Steps[list[Model]]:
        found = yield from self._pages(addresses.MODELS, "models", {"q": q, "downloaded": _json(downloaded)})
        return [Model.of(one) for one in found]

    def layers(self, model: str, q: str | None = None, recommended: bool | None = None) -> Steps[list[Layer]]:
        params = {"q": q, "recommended": _json(recommended)}
        found = yield from self._pages(addresses.layers(model), "layers", params)
        return [Layer.of(one) for one in found]

    def layer(self, model: str, name: str) -> Steps[Layer]:
        return Layer.of((yield from self._get(addresses.layer(model, name))))

    def unit(self, place: str, layer: str | None, channel: int | None) -> Steps[Unit]:
        where = place_of(place) if layer is None or channel is None else (place, layer, channel)
        return Unit.of((yield from self._get(addresses.unit(*where))))

    def alive(self) -> Steps[None]:
        yield from self._get(addresses.LIVENESS)

    def status(self) -> Steps[dict[str, Any]]:
        return (yield from self._get(addresses.STATUS))

    # Jobs

    def submit(self, path: str, spec: Mapping[str, Any], callback: str | None = None) -> Steps[dict[str, Any]]:
        """`callback` is the address that is told how it ended."""
        headers = {} if callback is None else {"Featurelens-Callback": callback}
        return (yield from told(once(Request("POST", path, json=spec, headers=headers)), self.patience))

    def job(self, key: str) -> Steps[dict[str, Any]]:
        return (yield from self._get(path_of(key)))

    def leave(self, path: str) -> Steps[dict[str, Any]]:
        """Takes back one request for what is at `path`."""
        return (yield from told(Request("DELETE", path), self.patience))

    def jobs(self, kind: str, limit: int | None, **sought: str | None) -> Steps[list[dict[str, Any]]]:
        """`sought`: parameters of the list."""
        params = {**sought, "limit": min(limit or 100, 100)}
        return (yield from self._pages(f"{addresses.ROOT}/{kind}", kind, params, limit))

    def ended(self, path: str, timeout: float | None, report: Report | None) -> Steps[dict[str, Any]]:
        return (yield from watching.ended(path, timeout, self.patience, report))

    # What came of them

    def result(self, resource: Mapping[str, Any]) -> Steps[Result]:
        """Of a job that has succeeded."""
        path = path_of(resource["key"])
        if path.startswith(addresses.VISUALIZATIONS):
            return (yield from self.visualization(resource))
        if path.startswith(addresses.ACTIVATIONS):
            return Activations(resource, self.absolute(path))
        if path.startswith(addresses.ATTRIBUTIONS):
            png = yield from self._bytes(addresses.attribution_image(resource["key"]), {"over": "photo"})
            return Attribution(resource, png, self.absolute(path))
        return Result(resource, self.absolute(path))

    def visualization(self, resource: Mapping[str, Any]) -> Steps[Visualization]:
        path, pngs = addresses.image(resource["key"]), []
        number = len(resource["images"])
        for index in range(number + (number > 1)):
            pngs.append((yield from self._bytes(path, {"index": index or None})))
        return Visualization(resource, pngs, self.absolute(path))

    def finished(
        self, path: str, resource: Mapping[str, Any], timeout: float | None, report: Report | None
    ) -> Steps[Any]:
        """The result of a job whose `resource` was told some time ago. Raises why there is none."""
        if resource["status"] != "succeeded" or "numbers" not in resource:
            resource = yield from self.ended(path, timeout, report)
        return (yield from self.result(resource))

    def visualize(self, spec: Mapping[str, Any], timeout: float | None, report: Report | None) -> Steps[Visualization]:
        resource = yield from self.submit(addresses.VISUALIZATIONS, spec)
        resource = yield from self.ended(path_of(resource["key"]), timeout, report)
        return (yield from self.visualization(resource))

    def activations(
        self, photo: Any, spec: Mapping[str, Any], timeout: float | None, report: Report | None
    ) -> Steps[Activations]:
        digest = yield from self.photo(photo)
        resource = yield from self.submit(addresses.ACTIVATIONS, {**spec, "photo": digest})
        path = path_of(resource["key"])
        resource = yield from self.ended(path, timeout, report)
        return Activations(resource, self.absolute(path))

    def photo(self, photo: Any) -> Steps[str]:
        """The name of a photograph, which is uploaded unless it is one."""
        if isinstance(photo, str) and _NAME.fullmatch(photo):
            return photo
        content = encoded(photo)
        kind = next((kind for start, kind in _SIGNATURES.items() if content.startswith(start)), "image/png")
        request = Request("POST", addresses.PHOTOS, content=content, headers={"Content-Type": kind})
        found = yield from told(request, self.patience)
        return str(found["photo"])

    # Sweeps

    def sweep(self, id: str) -> Steps[dict[str, Any]]:
        return (yield from self._get(addresses.sweep(id)))

    def sweep_over(self, path: str, timeout: float | None, report: Report | None) -> Steps[dict[str, Any]]:
        return (yield from watching.swept(path, timeout, self.patience, report))

    def sweep_items(self, id: str) -> Steps[list[dict[str, Any]]]:
        return (yield from self._pages(addresses.sweep_items(id), "items", {}))

    def sweep_sheet(self, id: str) -> Steps[bytes]:
        return (yield from self._bytes(addresses.sweep_sheet(id), {}))

    def sweep_pictures(self, id: str) -> Steps[None]:
        """Emits each that has succeeded, in the order of channels, signs and seeds."""
        for item in (yield from self.sweep_items(id)):
            if item["status"] == "succeeded":
                resource = yield from self._get(addresses.visualization(item["key"]))
                yield Emit((yield from self.visualization(resource)))

    def sweep_as_finished(self, id: str, timeout: float | None, report: Report | None) -> Steps[None]:
        """Emits each picture with its item as soon as it has ended; in place of one there is not, why."""
        return (yield from swept_one_by_one(self, id, timeout, report))

    # How it is asked

    def _get(self, path: str, params: Mapping[str, Any] | None = None) -> Steps[dict[str, Any]]:
        return (yield from told(Request("GET", path, params or {}), self.patience))

    def _bytes(self, path: str, params: Mapping[str, Any]) -> Steps[bytes]:
        answer = yield from answered(Request("GET", path, params), self.patience)
        return answer.content

    def _pages(
        self, path: str, name: str, params: Mapping[str, Any], limit: int | None = None
    ) -> Steps[list[dict[str, Any]]]:
        """What is listed under `name` on all pages, `limit` at most.

        Of the next page only the query is taken: a proxy may serve this under another path than the service knows.
        """
        found: list[dict[str, Any]] = []
        while True:
            page = yield from self._get(path, params)
            found += page[name]
            if page.get("next") is None or (limit is not None and len(found) >= limit):
                return found[:limit]
            params = parse_qs(urlsplit(page["next"]).query)


def place_of(unit: str) -> tuple[str, str, int]:
    """Model, layer and channel of a unit as people write it. Raises `InvalidSpec`."""
    model, _, rest = unit.partition("/")
    layer, _, number = rest.rpartition(":")
    if not layer or not number.isdecimal():
        raise InvalidSpec.at("/unit", "a unit is written model/layer:channel, as in patternnet/conv4:7")
    return model, layer, int(number)


def path_of(key: str) -> str:
    """The address of a job. Raises `NotFound` for what is no key."""
    root = KINDS.get(key[:2])
    if root is None or key[3:4] != "_":
        raise NotFound(f"{key!r} is no key of a job; they begin with {', '.join(f'{kind}1_' for kind in KINDS)}")
    return f"{root}/{key}"


def specification(unit: str | None, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent, of a unit as people write it and fields of a specification; those that are None are left out."""
    given = {name: value for name, value in fields.items() if value is not None}
    return given if unit is None else {"unit": unit, **given}


def over(resource: Mapping[str, Any]) -> bool:
    """Whether a job has ended."""
    return resource["status"] in OVER


def encoded(photo: Any) -> bytes:
    """The file of a photograph given as its path, its bytes, or a Pillow image. Raises TypeError for anything else."""
    if isinstance(photo, bytes | bytearray):
        return bytes(photo)
    if isinstance(photo, str | Path):
        return Path(photo).read_bytes()
    if hasattr(photo, "save") and hasattr(photo, "mode"):
        file = io.BytesIO()
        photo.save(file, "PNG")
        return file.getvalue()
    raise TypeError(f"a photograph is a path, bytes, a Pillow image or its name here, not {type(photo).__name__}")


def _json(value: bool | None) -> str | None:
    return None if value is None else str(value).lower()
