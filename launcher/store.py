"""The store as the launcher sees it: whether it is there, and which one it is."""

from __future__ import annotations

import subprocess

from featurelens.jobs.settings import Settings
from featurelens.jobs.store.check import ID, MISSING, READ_ONLY, check
from featurelens.jobs.store.identity import Identity, id_there, where
from featurelens.jobs.store.open_store import open_whole
from featurelens.launcher.children import python
from featurelens.launcher.claim import Refused
from featurelens.launcher.parts import WRITES, Parts

_NO_USE = {MISSING, READ_ONLY}
"""Exit statuses of `featurelens.jobs.store.check` after which waiting does not help."""


class Silent(Exception):
    """The store does not answer, and may yet. The message is one line for the operator."""


def find_store(options: Settings, parts: Parts) -> Identity:
    """The store that `options` name, after a look whether it is there, and takes what these `parts` put into it.

    Raises `Refused` when waiting would not help, `Silent` when it may.
    """
    if options.results is None:
        status, said = check(options, WRITES[parts])
    else:
        command = python("featurelens.jobs.store.check", *WRITES[parts])
        answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        status, said = answer.returncode, answer.stdout.strip()
    # What it says decides first: a launcher that has children already may have been told its end instead of us.
    if said.startswith(ID):
        return Identity(said.removeprefix(ID), where(options))
    if status in _NO_USE:
        raise Refused(said)
    raise Silent(said or "the store cannot be looked at yet")


def is_gone(options: Settings, store: Identity) -> bool:
    """Whether the folder has been taken away or emptied: what is stored now lies elsewhere, or is another store's."""
    if options.bucket is not None:
        return False
    try:
        return id_there(options, open_whole(options)) != store.id
    except OSError:
        return False
