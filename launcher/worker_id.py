"""The id of a worker: its state folder's, so that it is the same after every start."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

_FILE = "worker.id"


def worker_id(state: Path) -> str:
    """Eight hex digits, kept in the folder, which exists; made if there are none."""
    try:
        file = os.open(state / _FILE, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return (state / _FILE).read_text().strip()
    with os.fdopen(file, "w") as made:
        id = uuid4().hex[:8]
        made.write(id)
    return id
