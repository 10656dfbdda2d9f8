"""Which store this is: an id that whoever comes first writes into it, once."""

from __future__ import annotations

import socket
from typing import NamedTuple
from uuid import uuid4

from featurelens.jobs.settings import Settings
from featurelens.jobs.store.folder import Folder
from featurelens.jobs.store.objects import Objects

_NAME = "identity/store.id"
"""In a folder of its own: versions before this one stumble over what lies at the top of a bucket."""

_NAME_IN_STATE = "queue.id"


class Identity(NamedTuple):
    """The id, and where the store is, in words for an operator."""

    id: str
    where: str


def where(settings: Settings) -> str:
    """As `Settings.results` has it; a state folder is one on this machine."""
    return settings.results or f"{settings.state.absolute()} on {socket.gethostname()}"


def identify(settings: Settings, objects: Objects) -> Identity:
    """That of the store that `settings` name, `objects` being all of it. Raises what `Objects` raise."""
    found = id_there(settings, objects)
    if found is None:
        name, made = _name(settings), uuid4().hex.encode()
        if not objects.create(name, made) and id_there(settings, objects) is None:
            objects.write(name, made)  # whoever made it has died before it was written
        found = id_there(settings, objects)
    return Identity(found or "", where(settings))


def id_there(settings: Settings, objects: Objects) -> str | None:
    """The id; None where there is none yet."""
    found = objects.read(_name(settings))
    return found.decode().strip() if found else None


def _name(settings: Settings) -> str:
    return _NAME_IN_STATE if settings.results is None else _NAME


def id_of_state(settings: Settings) -> str | None:
    """That of the state folder, whatever is the store; None: it has none. Raises OSError."""
    found = Folder(settings.state.absolute()).read(_NAME_IN_STATE)
    return found.decode().strip() if found else None
