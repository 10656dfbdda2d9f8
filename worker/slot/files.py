"""The files of a result, as they follow the pixels of the renderer's last message."""

from __future__ import annotations

import hashlib

from featurelens.jobs.store.result import File
from featurelens.worker.protocol import Finished


def attached(finished: Finished, payload: bytes) -> tuple[list[memoryview], tuple[File, ...]]:
    """The contents, not copied, and their descriptions. `payload` is all that followed `finished`."""
    rest = memoryview(payload)[finished.pixels :]
    contents, files = [], []
    for head in finished.files:
        contents.append(rest[: head.bytes])
        rest = rest[head.bytes :]
        files.append(File(**head.model_dump(), sha256=hashlib.sha256(contents[-1]).hexdigest()))
    return contents, tuple(files)
