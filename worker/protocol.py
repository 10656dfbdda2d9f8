"""The protocol between slot and renderer over the unix socket: one JSON line a message, some followed by pixels.

slot -> renderer   Ask, once; Watch, for one preview; closing the socket cancels the job before the next tick
renderer -> slot   Progress*, a Preview for a Watch (followed by its pixels), then Finished (followed by
                   `pictures * height * width * channels` bytes of pixels and the contents of its files) or Failed
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, TypeAdapter, model_validator

from featurelens.jobs.kinds import with_spec
from featurelens.jobs.spec.base import JobSpec
from featurelens.jobs.store.result import FileName

MAX_LINE = 4 << 20
"""Bytes of a message: a spec with a direction of 65,536 numbers is 1.6 million, activations of 64 layers 1.9."""

Stage = Literal["downloading", "loading", "rendering", "reading", "tabulating"]
"""``loading`` until network and job have room in memory; ``rendering`` for pictures, ``reading`` for activations,
maps, filters and scans, ``tabulating`` when a scan has read all images."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def line(self) -> bytes:
        return self.model_dump_json().encode() + b"\n"


class Ask(_Message):
    """A resolved spec and the digest of its network; `attempt` is for the log, `sweep` and `memory` for scheduling."""

    type: Literal["ask"] = "ask"
    key: str
    spec: SerializeAsAny[JobSpec]
    digest: str
    attempt: str = ""
    sweep: bool = False
    trace: str = ""
    """That this is done for (`jobs.tracing`); empty: nobody traces it."""
    memory: int = 0
    """Bytes, as estimated; 0: not known, or too few to matter."""
    engine: str = ""
    """The version of the engine that the key is of; empty: not told."""
    help: bool = False
    """Not to do the job but to read pieces of it for the renderer that does; only the renderer itself asks that."""

    @model_validator(mode="before")
    @classmethod
    def _of_its_kind(cls, fields: Any) -> Any:
        return with_spec(fields)


class Watch(_Message):
    """Requests one preview."""

    type: Literal["watch"] = "watch"


class Progress(_Message):
    """How far the job is."""

    type: Literal["progress"] = "progress"
    stage: Stage
    step: int
    steps: int
    score: float | None = None
    """The objective's value on this step's transformed picture, which rises; None before the first step."""
    downloaded: int | None = None
    """While downloading: bytes of the network's weights that have come."""
    download_size: int | None = None
    """Of all of them; None: not known."""


class Preview(_Message):
    """uint8 pixels (height, width, channels) follow, C order: the first picture after `step` steps, scaled down."""

    type: Literal["preview"] = "preview"
    step: int
    height: int
    width: int
    channels: int

    @property
    def bytes(self) -> int:
        return self.height * self.width * self.channels


class FileHead(_Message):
    """A file of the result, for what is neither a number to read nor a picture; its contents follow the pixels."""

    name: FileName
    media_type: str
    bytes: int = Field(ge=0)


class Finished(_Message):
    """uint8 pixels (pictures, height, width, channels) follow, C order, then the contents of `files` in their order.

    `numbers` are those of the result. A kind of job without pictures or files sets nothing else.
    """

    type: Literal["finished"] = "finished"
    pictures: int = 0
    height: int = 0
    width: int = 0
    channels: int = 0
    columns: int = 1
    """Pictures in a row of the contact sheet."""
    steps: list[int] = []
    """The number of steps done for each picture; empty for a single one."""
    files: list[FileHead] = []
    numbers: dict[str, Any]

    @property
    def pixels(self) -> int:
        """Bytes of pixels."""
        return self.pictures * self.height * self.width * self.channels

    @property
    def bytes(self) -> int:
        """All that follows."""
        return self.pixels + sum(file.bytes for file in self.files)


class Failed(_Message):
    """`code` is one of `jobs.errors.BY_CODE`."""

    type: Literal["failed"] = "failed"
    code: str
    detail: str


Reply = Annotated[Progress | Preview | Finished | Failed, Field(discriminator="type")]
REPLY: TypeAdapter[Progress | Preview | Finished | Failed] = TypeAdapter(Reply)
