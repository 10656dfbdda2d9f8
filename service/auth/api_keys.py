"""API keys: who may do what. The file holds digests only; a key itself is shown once, when it is made.

A key is 256 random bits, so that a plain SHA-256 of it cannot be turned back: slow hashes are for passwords.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from featurelens.jobs import atomic_file
from featurelens.jobs.logs import logger

Scope = Literal["read", "render", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
"""Each includes those before it: read; ask for jobs and stop them; delete what is finished."""


def allows(held: Scope, needed: Scope) -> bool:
    """Whether a caller with the scope `held` may do what needs the scope `needed`."""
    return SCOPES.index(held) >= SCOPES.index(needed)


class ApiKey(BaseModel):
    """The entry of a key. `id` is its public part, which logs name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    scope: Scope
    sha256: str
    created: datetime
    note: str = ""


_FILE = TypeAdapter(list[dict[str, Any]])


class ApiKeys:
    """The keys in a file that its owner alone can read. A change counts from the next request on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._version: tuple[int, int, int] | None = None
        self._keys: dict[str, ApiKey] = {}

    def create(self, scope: Scope, note: str = "") -> str:
        """Returns the new key: fl_, its id, _, its secret."""
        id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        digest = hashlib.sha256(secret.encode()).hexdigest()
        new = ApiKey(id=id, scope=scope, sha256=digest, created=datetime.now(UTC), note=note)
        self._change(lambda entries: [*entries, new.model_dump(mode="json")])
        return f"fl_{id}_{secret}"

    def revoke(self, id: str) -> bool:
        """Whether there was such a key."""
        known = any(entry.get("id") == id for entry in self._entries())
        self._change(lambda entries: [entry for entry in entries if entry.get("id") != id])
        return known

    def all(self) -> list[ApiKey]:
        """Without those that only another version understands: what limits them is not known, so they open nothing."""
        return [key for entry in self._entries() if (key := _understood(entry)) is not None]

    def find(self, key: str) -> ApiKey | None:
        """The entry of a key as a client sends it; None when there is none."""
        self._refresh()
        prefix, _, rest = key.partition("_")
        id, _, secret = rest.partition("_")
        known = self._keys.get(id)
        digest = hashlib.sha256(secret.encode()).hexdigest()
        matches = hmac.compare_digest(digest, known.sha256 if known else "0" * 64)
        return known if known and matches and prefix == "fl" else None

    def known(self, id: str) -> bool:
        """Whether there is a key with this id, not revoked."""
        self._refresh()
        return id in self._keys

    def _refresh(self) -> None:
        try:
            found = self._path.stat()
            version = (found.st_mtime_ns, found.st_size, found.st_ino)
        except FileNotFoundError:
            version = (0, 0, 0)
        if version != self._version:
            self._keys = {key.id: key for key in self.all()}
            self._version = version

    def _entries(self) -> list[dict[str, Any]]:
        return _FILE.validate_json(self._path.read_bytes()) if self._path.exists() else []

    def _change(self, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
        """Keeps the entries of other versions as they are."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            content = _FILE.dump_json(change(self._entries()), indent=1)
            atomic_file.write(self._path, content, durable=True, mode=atomic_file.OWNER_ONLY)


def _understood(entry: dict[str, Any]) -> ApiKey | None:
    try:
        return ApiKey.model_validate(entry)
    except ValidationError:
        logger().warning("an API key of another version opens nothing here", id=entry.get("id"))
        return None
