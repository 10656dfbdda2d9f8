"""What an unfinished scan has gathered so far, on disk: the next execution goes on from there."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from featurelens.jobs import atomic_file
from featurelens.jobs.logs import logger

_PART = re.compile(r"\.(?P<first>\d+)-(?P<stop>\d+)\.safetensors")
KEPT = 7 * 24 * 3600
"""Seconds that an abandoned one is kept."""
KEPT_WHOLE = 3600
"""Seconds that one of all images is kept: until its result is certainly stored."""


class Checkpoint(NamedTuple):
    """Before image `done`: the state of the accumulator, and why some are left out, by their number."""

    done: int
    state: Mapping[str, Tensor]
    broken: Mapping[int, str]


class Checkpoints:
    """A folder with a file per scan, and per part of one that is read apart, written aside and renamed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, key: str, conditions: Any, part: range | None = None) -> Checkpoint | None:
        """The latest one made under the same `conditions` (JSON); None where there is none that can be read."""
        try:
            with safe_open(self._path(key, part=part), "pt") as file:
                told = json.loads(file.metadata()["checkpoint"])
                state = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 (no mapping)
        except FileNotFoundError:
            return None
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            logger().warning("checkpoint unreadable, the scan begins anew", key=key, error=str(error))
            return None
        if told["conditions"] != json.loads(json.dumps(conditions)):
            logger().info("checkpoint of another device or version, the scan begins anew", key=key)
            return None
        return Checkpoint(told["done"], state, {int(image): reason for image, reason in told["broken"].items()})

    def parts(self, key: str) -> list[range]:
        """The images of those parts of a scan of which there are checkpoints."""
        found = (_PART.fullmatch(path.name.removeprefix(key)) for path in self._folder.glob(f"{key}.*"))
        return [range(int(one["first"]), int(one["stop"])) for one in found if one is not None]

    def write(self, key: str, checkpoint: Checkpoint, conditions: Any, part: range | None = None) -> None:
        """Replaces the one before. A disk that does not take it is logged: the scan goes on without."""
        told = {"done": checkpoint.done, "broken": checkpoint.broken, "conditions": conditions}
        content = save({name: one.contiguous() for name, one in checkpoint.state.items()}, _metadata(told))
        try:
            atomic_file.write(self._path(key, part=part), content, durable=True)
        except OSError as error:
            logger().warning("checkpoint not kept", key=key, reason=error.strerror)

    def whole(self, key: str) -> None:
        """All images are in it and the result is on its way: it goes within `KEPT_WHOLE`, its parts at once."""
        with suppress(OSError):
            self._path(key).rename(self._path(key, "whole"))
            for part in self.parts(key):
                self._path(key, part=part).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Deletes those that nobody will ask for."""
        for pattern, kept in (("*.safetensors", KEPT), ("*.whole", KEPT_WHOLE)):
            for path in self._folder.glob(pattern):
                with suppress(OSError):
                    if time.time() - path.stat().st_mtime > kept:
                        path.unlink()

    def again(self, key: str) -> None:
        """A scan that is asked for again before its result was stored finds its images read."""
        with suppress(OSError):
            self._path(key, "whole").rename(self._path(key))

    def _path(self, key: str, suffix: str = "safetensors", part: range | None = None) -> Path:
        images = "" if part is None else f".{part.start}-{part.stop}"
        return self._folder / f"{key}{images}.{suffix}"


def _metadata(told: Any) -> dict[str, str]:
    return {"checkpoint": json.dumps(told)}
