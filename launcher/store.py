"""The store as the launcher sees it: whether it is there, and which one it is."""

from __future__ import annotations

import subprocess

from featurelens.jobs import disk
from featurelens.jobs.settings import Settings
from featurelens.jobs.store.check import ID, MISSING, READ_ONLY
from featurelens.jobs.store.identity import Identity, id_there, identify, where
from featurelens.jobs.store.open_store import open_whole
from featurelens.launcher.children import python
from featurelens.launcher.claim import Refused

_NO_USE = {MISSING, READ_ONLY}
"""Exit statuses of `featurelens.jobs.store.check` after which waiting does not help."""


class Silent(Exception):
    """The store does not answer, and may yet. The message is one line for the operator."""


def find_store(options: Settings, *, write: bool) -> Identity:
    """The store that `options` name, after a look whether it is there, and with `write` whether it takes anything.

    Raises `Refused` when waiting would not help, `Silent` when it may.
    """
    if options.results is None:
        try:
            return identify(options, open_whole(options))
        except OSError as error:
            why = disk.reason(error) or error.strerror
            raise Refused(f"the state folder {options.state.absolute()} cannot be used: {why}") from None
    command = python("featurelens.jobs.store.check", *(["write"] if write else []))
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    # What it says decides first: a launcher that has children already may have been told its end instead of us.
    said = answer.stdout.strip()
    if said.startswith(ID):
        return Identity(said.removeprefix(ID), where(options))
    if answer.returncode in _NO_USE:
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
