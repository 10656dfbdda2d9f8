"""What slot and renderer say to each other over the unix socket: one JSON line a message, pixels right behind the last.

slot -> renderer   Ask, once; Watch, whenever somebody would like to see the picture as it stands; closing the socket
                   takes the picture out of its lane at the next step
renderer -> slot   Progress*, a Preview for a Watch (followed by its pixels), then Finished (followed by
                   `pictures * height * width * channels` bytes) or Failed
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, TypeAdapter, model_validator

from featurelens.jobs.kinds import with_spec
from featurelens.jobs.spec.base import JobSpec

MAX_LINE = 4 << 20
"""Bytes of a message: a spec with a direction of 65,536 numbers is 1.6 million, activations of 64 layers 1.9."""

Stage = Literal["loading", "rendering", "reading"]
"""``loading`` until the network is warm; then ``rendering`` for pictures and ``reading`` for activations."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def line(self) -> bytes:
        return self.model_dump_json().encode() + b"\n"


class Ask(_Message):
    """A resolved spec and the weights it was accepted with; `attempt` is for the log, `sweep` for whose turn it is."""

    type: Literal["ask"] = "ask"
    key: str
    spec: SerializeAsAny[JobSpec]
    digest: str
    attempt: str = ""
    sweep: bool = False

    @model_validator(mode="before")
    @classmethod
    def _of_its_kind(cls, fields: Any) -> Any:
        return with_spec(fields)


class Watch(_Message):
    """One preview, please."""

    type: Literal["watch"] = "watch"


class Progress(_Message):
    """Where the job is."""

    type: Literal["progress"] = "progress"
    stage: Stage
    step: int
    steps: int
    score: float | None = None
    """The objective on the transformed picture of this step, which rises; None before the first."""


class Preview(_Message):
    """uint8 pixels follow, (height, width, channels), C order: the first picture after `step` steps, small."""

    type: Literal["preview"] = "preview"
    step: int
    height: int
    width: int
    channels: int

    @property
    def bytes(self) -> int:
        return self.height * self.width * self.channels


class Finished(_Message):
    """uint8 pixels follow, (pictures, height, width, channels), C order; `numbers` is what the result tells.

    A kind of job that makes no pictures leaves all but `numbers` out.
    """

    type: Literal["finished"] = "finished"
    pictures: int = 0
    height: int = 0
    width: int = 0
    channels: int = 0
    columns: int = 1
    """How many stand in a row of the contact sheet."""
    steps: list[int] = []
    """After how many steps each picture is; empty where there is one."""
    numbers: dict[str, Any]

    @property
    def bytes(self) -> int:
        return self.pictures * self.height * self.width * self.channels


class Failed(_Message):
    """`code` is one of `jobs.errors.BY_CODE`."""

    type: Literal["failed"] = "failed"
    code: str
    detail: str


Reply = Annotated[Progress | Preview | Finished | Failed, Field(discriminator="type")]
REPLY: TypeAdapter[Progress | Preview | Finished | Failed] = TypeAdapter(Reply)
