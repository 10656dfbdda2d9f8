"""The id of a worker: its state folder's, so that it is the same after every start."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

from featurelens.jobs import atomic_file

_FILE = "worker.id"
_ID = re.compile(r"[0-9a-f]{8}")


def worker_id(state: Path) -> str:
    """Eight hex digits, kept in the folder; made if there are none. What is no id, as after a power cut, is replaced.

    Raises OSError.
    """
    path, made = state / _FILE, uuid4().hex[:8]
    if atomic_file.create(path, made.encode(), durable=True):
        return made
    found = path.read_text(errors="replace").strip()
    if _ID.fullmatch(found):
        return found
    atomic_file.write(path, made.encode(), durable=True)
    return made
