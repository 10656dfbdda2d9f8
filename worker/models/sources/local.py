"""The operator's own networks: ``<name>/model.safetensors`` beside ``<name>/model.json`` in FEATURELENS_MODELS.

In place of ``model.json`` a folder may have the ``config.json`` of a timm network (`timm_config`).
"""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

import structlog
import torch
import torchvision
from pydantic import ValidationError
from torch import nn

from featurelens.engine import VERSION
from featurelens.engine.network import Network
from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.jobs.errors import ModelLoadFailed
from featurelens.worker.models.inspection.layout import ChannelOrder
from featurelens.worker.models.sources import timm_config
from featurelens.worker.models.sources.download import sha256
from featurelens.worker.models.sources.fit import fit
from featurelens.worker.models.sources.labels import read_labels
from featurelens.worker.models.sources.manifest import Manifest
from featurelens.worker.models.sources.plain_weights import compute_weights
from featurelens.worker.models.sources.weights_file import read_weights

NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")
MANIFEST, WEIGHTS = "model.json", "model.safetensors"

log = structlog.get_logger(__name__)


class Local:
    """Looks at the folder anew each time, so that a network can be added while the worker runs."""

    def __init__(self, folder: Path | None, cache: Path = Path("hub")) -> None:
        """`cache` is where weights from the hub are kept."""
        self._folder = folder
        self._cache = cache
        self._digests: dict[tuple[str, int, int], str] = {}
        self._left_out: dict[str, str] = {}
        """Why folders cannot be read, by name: told once, and again when the reason changes."""

    def entries(self) -> list[ModelEntry]:
        """All networks that can be read; the others are logged with the reason."""
        if self._folder is None or not self._folder.is_dir():
            return []
        found = []
        for folder in sorted(path for path in self._folder.iterdir() if path.is_dir()):
            try:
                found.append(self._entry(folder))
                self._left_out.pop(folder.name, None)
            except (OSError, ValueError, ModelLoadFailed) as error:
                reason = _plain(error)
                if self._left_out.get(folder.name) != reason:
                    log.warning("own network left out", folder=folder.name, reason=reason)
                self._left_out[folder.name] = reason
        return found

    def build(self, entry: ModelEntry) -> nn.Module:
        folder, manifest = self._manifest(entry)
        module = manifest.build(folder)
        compute_weights(module)
        return module

    def load(self, entry: ModelEntry) -> Network:
        folder, manifest = self._manifest(entry)
        if self._entry(folder).digest != entry.digest:
            raise ModelLoadFailed(f"the files of {entry.name} have changed since it was asked for; ask again")
        module = manifest.build(folder)
        path, measured = manifest.hub.fetch(self._cache) if manifest.hub else (folder / WEIGHTS, entry.sha256)
        notes = fit(module, read_weights(path), entry.name) + compute_weights(module)
        for note in notes:
            log.info("own network made ready", folder=folder.name, note=note)
        return Network(
            entry.name,
            module.float(),
            manifest.preprocessing(),
            entry.digest,
            entry.labels,
            sha256=measured,
            notes=tuple(notes),
            display=manifest.shows,
            photograph=manifest.takes,
        )

    def orders(self, entry: ModelEntry) -> Mapping[str, ChannelOrder]:
        return self._manifest(entry)[1].layouts

    def blueprint(self, entry: ModelEntry) -> str | None:
        height, width = entry.input_size
        identity = entry.digest.removeprefix("sha256:")
        return f"local-torch-{torch.__version__}-torchvision-{torchvision.__version__}-{identity}-{height}x{width}"

    def _manifest(self, entry: ModelEntry) -> tuple[Path, Manifest]:
        if self._folder is None:
            raise ModelLoadFailed(f"{entry.name} is gone: FEATURELENS_MODELS is not set")
        folder = self._folder / entry.architecture
        try:
            return folder, _described(folder)[0]
        except (OSError, ValueError) as error:
            raise ModelLoadFailed(f"{MANIFEST} of {folder.name}: {_plain(error)}") from error

    def _entry(self, folder: Path) -> ModelEntry:
        if not NAME.fullmatch(folder.name):
            raise ValueError("a name starts with a-z or 0-9 and goes on with those, dot, dash and underscore")
        manifest, labels = _described(folder)
        weights, identity, version = self._weights(folder, manifest)
        name = f"local:{folder.name}@{version}"
        return ModelEntry(
            name=name,
            aliases=(folder.name, f"local:{folder.name}"),
            source="local",
            architecture=folder.name,
            digest=f"sha256:{_identity(manifest, identity, folder)}",
            sha256=weights,
            renderer=VERSION,
            downloaded=weights is not None,
            input_channels=manifest.channels,
            display=manifest.shows,
            photograph=manifest.takes,
            input_size=manifest.size,
            min_size=manifest.min_size or min(manifest.size),
            fixed_size=manifest.fixed_size,
            labels=labels,
            classes_layer=manifest.classes_layer,
            description=manifest.description,
        )

    def _weights(self, folder: Path, manifest: Manifest) -> tuple[str | None, str, str]:
        """Their sha256 (None: not fetched yet), what tells them from others, and that in short for the name."""
        if manifest.hub is None:
            measured = self._sha256(folder / WEIGHTS)
            return measured, measured, f"sha256-{measured[:12]}"
        if (folder / WEIGHTS).exists():
            raise ValueError(f"{MANIFEST} names weights on the hub, and there is {WEIGHTS}, too: keep one of both")
        # Which repository, file and commit is a part of the manifest.
        return manifest.hub.sha256(self._cache), "hub", f"hub-{manifest.hub.revision[:12]}"

    def _sha256(self, path: Path) -> str:
        """Of a file's contents, computed again only when the file has changed."""
        stat = path.stat()
        version = (str(path), stat.st_size, stat.st_mtime_ns)
        if version not in self._digests:
            self._digests[version] = sha256(path)
        return self._digests[version]


def _described(folder: Path) -> tuple[Manifest, tuple[str, ...] | None]:
    """What the folder says of its network, and the labels. Raises OSError or ValueError."""
    if not (folder / MANIFEST).exists() and (folder / timm_config.CONFIG).exists():
        return timm_config.manifest((folder / timm_config.CONFIG).read_bytes())
    manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes().removeprefix(codecs.BOM_UTF8))
    if manifest.labels is None:
        return manifest, None
    return manifest, read_labels(folder / manifest.labels)


def _identity(manifest: Manifest, weights: str, folder: Path) -> str:
    """sha256 of all that decides what the network answers: the weights, ``model.json`` but for words, and the code."""
    content = json.dumps({"weights": weights, **manifest.identity(folder)}, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def _plain(error: Exception) -> str:
    """Without paths of the host and without pydantic's links."""
    if isinstance(error, ValidationError):
        return "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'model.json'}: {fault['msg']}" for fault in error.errors()
        )
    if isinstance(error, OSError):
        return f"{Path(error.filename or '').name}: {error.strerror}"
    return str(error)
