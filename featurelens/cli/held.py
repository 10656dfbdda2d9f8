"""What a command holds open until it ends: connections, folders for a while."""

from __future__ import annotations

import logging
from contextlib import ExitStack

from featurelens.cli.output import hint
from featurelens.client import Client
from featurelens.client.retries import log

held = ExitStack()
"""Left by `app.main`."""


class _Hints(logging.Handler):
    """What the client waits for, said as it is."""

    def emit(self, record: logging.LogRecord) -> None:
        hint(f"featurelens: {record.getMessage()}")


def connected(url: str | None) -> Client:
    """Of the service at `url`. Where none answers, `Unreachable` is raised at once: nobody likes to wait for nothing.

    Later on a service that is being restarted is waited for.
    """
    hints = _Hints()
    log.addHandler(hints)
    log.setLevel(logging.INFO)
    held.callback(log.removeHandler, hints)
    client = held.enter_context(Client(url))
    with Client(client.url, patience=0) as first:
        first.alive()
    return client
