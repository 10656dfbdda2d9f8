"""How a client shows its key."""

from __future__ import annotations


def bearer(key: str) -> dict[str, str]:
    """The header of a client that has this key."""
    return {"Authorization": f"Bearer {key}"}
