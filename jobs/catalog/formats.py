"""Under which keys the layers of networks are published, while one version of Featurelens replaces another.

A key's number rises with what is written about a layer, so that a newer worker describes anew what an older one has
described. For as long as that only adds fields the keys before are written, too, for older services, and read, of older
workers: a service ignores fields that it does not know, and those that it misses have defaults.
"""

from __future__ import annotations

from typing import cast

from pydantic import BaseModel, ConfigDict, ValidationError
from redis import Redis
from redis.client import Pipeline

from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.version import VERSION

NUMBER = 6
"""Raise it when descriptions of layers say more, or other things: what is kept of them on disk goes by it, too."""
_KEY = "featurelens:catalog:layers:"
LAYERS = f"{_KEY}{NUMBER}"
"""Hash: canonical name -> its layers."""
FORMER = (f"{_KEY}5", f"{_KEY}4")
"""Here `start` may be missing. Drop one when what is written now would be misread there, or the other way round."""
ALL = (LAYERS, *FORMER)

_TOLD = "featurelens:catalog:format"
_EXPIRY = 60
"""Seconds; it is told several times as often."""


class _Told(BaseModel):
    """Who publishes, and the keys under which that is done."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: str
    layers: tuple[str, ...]


def tell(redis: Redis | Pipeline) -> None:
    """Tells services how layers are published from now on."""
    redis.set(_TOLD, _Told(version=VERSION, layers=ALL).model_dump_json(), ex=_EXPIRY)


def check(redis: Redis) -> None:
    """Raises `OtherVersion` where the worker publishes layers only as this version cannot read them.

    What does not say how, or is not there, is waited for.
    """
    told = cast("bytes | None", redis.get(_TOLD))
    try:
        worker = None if told is None else _Told.model_validate_json(told)
    except ValidationError as error:
        raise OtherVersion.of("what the worker says of its catalog") from error
    if worker is not None and not set(worker.layers) & set(ALL):
        raise OtherVersion(
            f"the worker is Featurelens {worker.version} and publishes layers as {', '.join(worker.layers)}, "
            f"this service is Featurelens {VERSION} and reads {', '.join(ALL)}"
        )
