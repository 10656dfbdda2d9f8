"""What an unfinished scan has gathered so far: the next execution goes on from there, on whatever machine."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from featurelens.jobs.errors import StoreUnavailable
from featurelens.jobs.logs import logger
from featurelens.jobs.store.objects import Objects

_PART = re.compile(r"\.(?P<first>\d+)-(?P<stop>\d+)\.safetensors")
KEPT = 7 * 24 * 3600
"""Seconds that an abandoned one is kept."""
KEPT_WHOLE = 3600
"""Seconds that one of all images is kept: until its result is certainly stored."""


_METADATA = "checkpoint"
_WHOLE = ".whole"


class Checkpoint(NamedTuple):
    """Before image `done`: the state of the accumulator, and why some are left out, by their number."""

    done: int
    state: Mapping[str, Tensor]
    broken: Mapping[int, str]


class Checkpoints:
    """An object per scan, and per part of one that is read apart."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def read(self, key: str, conditions: Any, part: range | None = None) -> Checkpoint | None:
        """The latest one made under the same `conditions` (JSON); None where there is none that can be read."""
        try:
            content = self._objects.read(_name(key, part=part))
            if content is None:
                return None
            told, state = _told(content), load(content)
        except (OSError, StoreUnavailable, SafetensorError, KeyError, TypeError, ValueError, struct.error) as error:
            logger().warning("checkpoint unreadable, the scan begins anew", key=key, error=str(error))
            return None
        if told["conditions"] != json.loads(json.dumps(conditions)):
            logger().info("checkpoint of another device or version, the scan begins anew", key=key)
            return None
        return Checkpoint(told["done"], state, {int(image): reason for image, reason in told["broken"].items()})

    def parts(self, key: str) -> list[range]:
        """The images of those parts of a scan of which there are checkpoints."""
        try:
            names = [name for name, _ in self._objects.ages() if name.startswith(key)]
        except (OSError, StoreUnavailable) as error:
            logger().warning("parts of a scan not looked for", key=key, reason=str(error))
            return []
        found = (_PART.fullmatch(name.removeprefix(key)) for name in names)
        return [range(int(one["first"]), int(one["stop"])) for one in found if one is not None]

    def write(self, key: str, checkpoint: Checkpoint, conditions: Any, part: range | None = None) -> None:
        """Replaces the one before. A store that does not take it is logged: the scan goes on without."""
        told = {"done": checkpoint.done, "broken": checkpoint.broken, "conditions": conditions}
        metadata = {_METADATA: json.dumps(told)}
        content = save({name: one.contiguous() for name, one in checkpoint.state.items()}, metadata)
        try:
            self._objects.write(_name(key, part=part), content)
        except (OSError, StoreUnavailable) as error:
            logger().warning("checkpoint not kept", key=key, reason=str(error))

    def whole(self, key: str) -> None:
        """All images are in it and the result is on its way: it goes within `KEPT_WHOLE`, its parts at once."""
        self._rename(_name(key), _name(key, _WHOLE))
        try:
            for part in self.parts(key):
                self._objects.delete(_name(key, part=part))
        except (OSError, StoreUnavailable) as error:
            logger().warning("parts of a scan not deleted", key=key, reason=str(error))

    def sweep(self) -> None:
        """Deletes those that nobody will ask for."""
        try:
            for name, age in list(self._objects.ages()):
                if age > (KEPT_WHOLE if name.endswith(_WHOLE) else KEPT):
                    self._objects.delete(name)
        except (OSError, StoreUnavailable) as error:
            logger().warning("old checkpoints not deleted", reason=str(error))

    def again(self, key: str) -> None:
        """A scan that is asked for again before its result was stored finds its images read."""
        self._rename(_name(key, _WHOLE), _name(key))

    def _rename(self, name: str, to: str) -> None:
        try:
            self._objects.rename(name, to)
        except (OSError, StoreUnavailable) as error:
            logger().warning("checkpoint not renamed", name=name, reason=str(error))


def _name(key: str, suffix: str = ".safetensors", part: range | None = None) -> str:
    images = "" if part is None else f".{part.start}-{part.stop}"
    return f"{key}{images}{suffix}"


def _told(content: bytes) -> Any:
    """What is said beside the arrays: safetensors reads that of files alone."""
    (length,) = struct.unpack_from("<Q", content)
    return json.loads(json.loads(content[8 : 8 + length])["__metadata__"][_METADATA])
