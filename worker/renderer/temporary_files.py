"""Where temporary files of the renderer are: in the state folder, where nobody cleans.

Processes that decode images are started by way of a socket among them.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from featurelens.jobs.unix_address import short_name

_ROOM = 40
"""Bytes: ``/pymp-xxxxxxxx/listener-xxxxxxxx``."""


def keep_in(folder: Path) -> None:
    """Makes `folder`, without what an earlier process has left there, the place for all of them."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
    except OSError:
        return  # the disk takes nothing: as if nobody had asked
    tempfile.tempdir = short_name(folder, _ROOM)
