"""What a command holds open until it ends: connections, folders for a while."""

from __future__ import annotations

from contextlib import ExitStack

from featurelens.client import Client

held = ExitStack()
"""Left by `app.main`."""


def connected(url: str | None) -> Client:
    """Of the service at `url`. Where none answers, `Unreachable` is raised at once: nobody likes to wait for nothing.

    Later on a service that is being restarted is waited for.
    """
    client = held.enter_context(Client(url))
    with Client(client.url, patience=0) as first:
        first.alive()
    return client
