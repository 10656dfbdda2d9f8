"""What distinguishes one kind of job from another; everything else about a job is shared."""

from __future__ import annotations

import hashlib
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar, Generic, Literal, NamedTuple, TypeVar

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import ModelEntry, ModelSummary
from featurelens.jobs.spec.base import JobSpec, Sign

QUEUE = "featurelens"
"""The queue of jobs submitted one by one."""
SWEEP_QUEUE = "featurelens-sweep"
"""The queue of a sweep's pictures."""
QUEUES = (QUEUE, SWEEP_QUEUE)

KEY_PATTERN = re.compile(r"f[a-z][1-9]_[0-9a-f]{64}")
"""The key of any job. Its first four characters name the kind."""

Spec = TypeVar("Spec", bound=JobSpec)


class Listed(NamedTuple):
    """What the list filters by; None where a job concerns no single layer, channel or sign."""

    layer: str | None = None
    channel: int | None = None
    sign: Sign | None = None


class Kind(ABC, Generic[Spec]):
    """One kind of job. Its counterparts in other rooms are modules of the same name (see `jobs.kinds`)."""

    name: ClassVar[str]
    prefix: ClassVar[str]
    """The first four characters of each of its keys."""
    spec: type[Spec]
    queue: ClassVar[str] = QUEUE
    seconds: ClassVar[int] = 2 * 3600
    """That one execution may take; the largest picture allowed takes about half of that on a slow CPU."""
    limit: ClassVar[Literal["picture", "scan"]] = "picture"
    """Which limit its cost is held against."""
    photo_pointer: ClassVar[str] = "/photo"
    """JSON pointer to the photograph in a spec, where there is one."""
    edition: ClassVar[int] = 1
    """Of what is found out: raised when results tell more than before, or other numbers. Keys cover it, and results of
    earlier ones are still read."""

    @abstractmethod
    def resolve(self, catalog: Catalog, spec: Spec) -> tuple[Spec, ModelEntry]:
        """The complete spec and its network: names canonical, defaults filled in. Idempotent.

        Raises `jobs.errors.InvalidSpec` or a subclass, each naming what is valid, or `CatalogPending`.
        """

    @abstractmethod
    def cost(self, spec: Spec) -> int:
        """Pixels that pass through the network in all. `spec` is resolved."""

    def memory(self, catalog: Catalog, spec: Spec) -> int:
        """Bytes of the device's memory that it takes, as estimated; 0: too little to matter. `spec` is resolved.

        Raises what `resolve` raises.
        """
        return 0

    def steps(self, spec: Spec) -> int:
        """Steps until it is done, as progress counts them."""
        return 1

    def photo(self, spec: Spec) -> str | None:
        """The digest of the photograph it works on, or None."""
        return None

    def shown(self, spec: Spec, photo: str) -> Spec:
        """`spec`, of a kind with a field `photo`, with another photograph."""
        return spec.model_copy(update={"photo": photo})

    def listed(self, spec: Spec) -> Listed:
        """What the list filters it by."""
        return Listed()

    def subject(self, spec: Spec) -> str | None:
        """The key of the job that it tells of, or None: whoever looks at that one finds it (`JobIndex.about`)."""
        return None

    def lane(self, spec: Spec, weights: str) -> str:
        """Jobs of one lane are best done by one renderer, side by side. `weights` is the digest of the network."""
        return f"{self.name} {weights}"

    def needs(self, spec: Spec, entry: ModelEntry) -> tuple[str, ...]:
        """What a worker must hold to do it: the network, for this version of the engine, and the data set."""
        return (holding(entry),)

    def key(self, spec: Spec, weights: str, renderer: str) -> str:
        """Identifies the result of a resolved `spec` for ever.

        `weights` is the digest of the network and `renderer` the version of the engine: a change of either changes
        results and so the key.
        """
        return self._key(spec, weights, renderer, self.edition)

    def tells_of(self, key: str, spec: Spec, weights: str, renderer: str) -> bool:
        """Whether `key` is that of `spec`, done with this network by this engine, in any edition."""
        return key in {self._key(spec, weights, renderer, edition) for edition in range(self.edition, 0, -1)}

    def _key(self, spec: Spec, weights: str, renderer: str, edition: int) -> str:
        content = {"kind": self.name, "renderer": renderer, "spec": spec.model_dump(mode="json"), "weights": weights}
        return self.prefix + digest(content if edition == 1 else {**content, "edition": edition})


NETWORK, DATASET = "network ", "dataset "
"""What each thing that a worker holds begins with."""


def holding(entry: ModelSummary) -> str:
    """A network as one of the things that a worker holds."""
    return f"{NETWORK}{entry.digest} {entry.renderer}"


def engine_of(needs: Iterable[str]) -> str:
    """The version of the engine that is needed; empty where nothing says it."""
    return next((need.rpartition(" ")[2] for need in needs if need.startswith(NETWORK)), "")


def holding_of_dataset(name: str, identity: str | None) -> str:
    """A data set as one of them."""
    return f"{DATASET}{name} {identity}"


def digest(content: Any) -> str:
    """The sha256 in hex of canonical JSON: sorted keys, no spaces, ASCII."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
