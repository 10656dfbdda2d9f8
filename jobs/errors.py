"""The one tree of errors. `service.problems` maps it to HTTP; the worker sends it over the socket by `code`.

FeaturelensError
├── InvalidSpec            the request names something that does not exist or is out of range
│   ├── UnknownModel
│   ├── NotDescribable     the network is there, but its layers cannot be listed
│   ├── UnknownLayer, UnknownPhoto, UnknownDataset
│   ├── OutOfRange
│   ├── CallbackRefused    nobody may be told at this address
│   ├── KeyReused          an Idempotency-Key came with another request before
│   ├── TooExpensive       more work than the operator allows
│   └── TooLarge           more memory than there is, or than the operator allows
├── NotFound               a resource asked for by URL does not exist
├── NotReady               the picture is not finished yet (or never will be)
│   └── BeingAsked         the same request is still being answered
├── AlreadyOver            it has ended: there is nothing left to stop
├── Unavailable            nothing wrong with the request; try again later
│   ├── BrokerUnavailable  Redis or Valkey cannot be reached
│   ├── NoWorker           no live worker takes jobs
│   ├── CatalogPending     the worker has not described this network yet
│   ├── QueueFull          as many pictures wait as may
│   ├── StoreUnavailable   the bucket with the pictures cannot be reached
│   ├── OtherVersion       another version of Featurelens has written it, and this one does not understand it
│   └── StoreFull          no room left for what is asked for
│       └── StoreReadOnly  there may be room, but the disk takes nothing
└── RenderError            a job ended without a picture
    ├── ModelLoadFailed    the network's files are missing, damaged or do not fit
    ├── RendererLost       the renderer went away in the middle; worth another attempt
    │   └── RendererFull   it had no room for the job, and a fresh one has more
    ├── NotStored          it was made, but could not be kept
    └── RenderFailed       anything else, with a reason safe to show
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypeVar


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a request: where (a JSON pointer, ``/channel``), what would do, and names that would."""

    pointer: str
    detail: str
    valid: tuple[str, ...] = ()


class FeaturelensError(Exception):
    """Base of every error that may be shown to a client. `detail` never holds a traceback or a path of the host."""

    code = "error"
    title = "Error"

    def __init__(self, detail: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(detail)
        self.detail, self.faults = detail, faults

    @property
    def errors(self) -> tuple[Fault, ...]:  # as answers over HTTP call them
        return self.faults

    @property
    def valid(self) -> tuple[str, ...]:
        """Names that would do, of all faults."""
        return tuple(name for fault in self.faults for name in fault.valid)


class InvalidSpec(FeaturelensError):
    code = "invalid-spec"
    title = "The specification is not valid"

    @classmethod
    def at(cls, pointer: str, detail: str, valid: Sequence[str] = ()) -> Self:
        """With one fault, at the JSON pointer."""
        return cls(detail, (Fault(pointer, detail, tuple(valid)),))


class UnknownModel(InvalidSpec):
    code = "unknown-model"
    title = "No such model"


class NotDescribable(InvalidSpec):
    code = "not-describable"
    title = "The layers of this model cannot be listed"


class UnknownLayer(InvalidSpec):
    code = "unknown-layer"
    title = "No such layer in this model"


Kind = TypeVar("Kind", bound=InvalidSpec)


def unknown(kind: type[Kind], pointer: str, message: str, name: str, known: Sequence[str], where: str) -> Kind:
    """An error that names what is nearest to `name` and where all of it is listed."""
    near = difflib.get_close_matches(name, known, n=5, cutoff=0.4) or known[:5]
    shown = name if len(name) <= 80 else name[:77] + "..."
    detail = f"{message} {shown!r}; nearest: {', '.join(near)}; all of them: {where}" if near else f"{message} at all"
    return kind.at(pointer, detail, near)


class OutOfRange(InvalidSpec):
    code = "out-of-range"
    title = "A value is outside what this model allows"


class TooExpensive(InvalidSpec):
    code = "too-expensive"
    title = "This would take too much work"


class KeyReused(InvalidSpec):
    code = "idempotency-key-reused"
    title = "This Idempotency-Key belongs to another request"


class CallbackRefused(InvalidSpec):
    code = "callback-refused"
    title = "This address is not called back"


class TooLarge(InvalidSpec):
    code = "too-large"
    title = "This would take too much memory"


class UnknownPhoto(InvalidSpec):
    code = "unknown-photo"
    title = "No such photograph"


class UnknownDataset(InvalidSpec):
    code = "unknown-dataset"
    title = "No such data set"


class NotFound(FeaturelensError):
    code = "not-found"
    title = "Not found"


class NotReady(FeaturelensError):
    code = "not-ready"
    title = "The picture is not finished"


class BeingAsked(NotReady):
    code = "being-asked"
    title = "The same request is still being answered"


class AlreadyOver(FeaturelensError):
    code = "already-over"
    title = "There is nothing left to stop"


class Unavailable(FeaturelensError):
    """Worth asking again after `retry_after` seconds."""

    code = "unavailable"
    title = "Not available at the moment"
    retry_after = 5


class BrokerUnavailable(Unavailable):
    code = "broker-unavailable"
    title = "The job queue cannot be reached"


class NoWorker(Unavailable):
    code = "no-worker"
    title = "No worker takes jobs at the moment"


class CatalogPending(Unavailable):
    code = "catalog-pending"
    title = "The layers of this model are being worked out"
    retry_after = 2


class QueueFull(Unavailable):
    code = "queue-full"
    title = "Too many pictures wait already"
    retry_after = 30


class StoreUnavailable(Unavailable):
    code = "store-unavailable"
    title = "The result store does not answer"


class OtherVersion(Unavailable):
    """While one version replaces another, both read what either has written."""

    code = "other-version"
    title = "Another version of Featurelens has written this"
    retry_after = 30

    @classmethod
    def of(cls, what: str) -> Self:
        return cls(f"{what} was written by another version of Featurelens, and this one does not understand it")


class StoreFull(Unavailable):
    code = "store-full"
    title = "There is no room left"
    retry_after = 60


class StoreReadOnly(StoreFull):
    code = "store-read-only"
    title = "Nothing can be stored"


class RenderError(FeaturelensError):
    code = "render-error"
    title = "The picture could not be made"


class ModelLoadFailed(RenderError):
    code = "model-load-failed"
    title = "The network could not be loaded"


class RendererLost(RenderError):
    """`renderer` is the id of the process that had the job; None: there was none."""

    code = "renderer-lost"
    title = "The renderer went away"
    renderer: int | None = None
    nobodys_fault = False


class RendererFull(RendererLost):
    """The renderer ends with it: others are to go on in a fresh one, and no job is why but this one."""

    code = "renderer-full"
    title = "The renderer had no room left"


class NotStored(RenderError):
    code = "not-stored"
    title = "The picture could not be kept"


class RenderFailed(RenderError):
    code = "render-failed"
    title = "The optimization failed"


def _below(base: type[FeaturelensError]) -> dict[str, type[FeaturelensError]]:
    return {base.code: base} | {code: kind for child in base.__subclasses__() for code, kind in _below(child).items()}


BY_CODE: dict[str, type[FeaturelensError]] = _below(FeaturelensError)
