"""What a kind of job has to say of itself: the rest of a job's life is the same for all."""

from __future__ import annotations

import hashlib
import json
import re
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.jobs.spec.base import JobSpec, Sign

QUEUE = "featurelens"
"""The queue of jobs that are asked for one by one."""
SWEEP_QUEUE = "featurelens-sweep"
"""The queue of pictures that are asked for by the hundred."""
QUEUES = (QUEUE, SWEEP_QUEUE)

KEY_PATTERN = re.compile(r"f[a-z][1-9]_[0-9a-f]{64}")
"""The key of any job. The four characters in front name its kind."""

Spec = TypeVar("Spec", bound=JobSpec)


class Listed(NamedTuple):
    """Under what a job is found in the list; None where it is about no single layer, channel or sign."""

    layer: str | None = None
    channel: int | None = None
    sign: Sign | None = None


class Kind(ABC, Generic[Spec]):
    """One kind of job. Its counterparts in other rooms are modules of the same name (see `jobs.kinds`)."""

    name: ClassVar[str]
    prefix: ClassVar[str]
    """Four characters in front of each of its keys."""
    spec: type[Spec]
    queue: ClassVar[str] = QUEUE
    photo_pointer: ClassVar[str] = "/objective/photo"
    """Where the spec names its photograph, as a JSON pointer."""

    @abstractmethod
    def resolve(self, catalog: Catalog, spec: Spec) -> tuple[Spec, ModelEntry]:
        """The complete spec and its network: names canonical, defaults filled in. Resolving again changes nothing.

        Raises `jobs.errors.InvalidSpec` or one of its kinds, each with what is valid, or `CatalogPending`.
        """

    @abstractmethod
    def cost(self, spec: Spec) -> int:
        """Pixels that go through the network. `spec` is resolved."""

    def steps(self, spec: Spec) -> int:
        """How many steps of progress there are until it is done."""
        return 1

    def photo(self, spec: Spec) -> str | None:
        """The digest of the photograph it works on, if it does."""
        return None

    def listed(self, spec: Spec) -> Listed:
        """Under what it is found in the list."""
        return Listed()

    def key(self, spec: Spec, weights: str, renderer: str) -> str:
        """Names the result of a resolved `spec` for ever.

        `weights` is the digest of the network and `renderer` the version of the engine: a change of either makes other
        results and so another key.
        """
        content = {"kind": self.name, "renderer": renderer, "spec": spec.model_dump(mode="json"), "weights": weights}
        return self.prefix + digest(content)


def digest(content: Any) -> str:
    """The sha256 in hex of canonical JSON: sorted keys, no spaces, ASCII."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
