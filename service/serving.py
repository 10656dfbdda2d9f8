"""Serves HTTP on an address, in one process or several, until asked to stop."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable

from featurelens.jobs.errors import FeaturelensError
from featurelens.jobs.logs import configure, logger
from featurelens.jobs.settings import Settings
from featurelens.service.app import create_app
from featurelens.service.auth.api_keys import ApiKeys
from featurelens.service.descriptors import within
from featurelens.service.http_server import HttpServer
from featurelens.service.http_workers import HttpWorkers
from featurelens.service.shared_counters import reserve

BACKLOG = 2048


def serve(chosen: Settings) -> int:
    """Returns the exit status: 0, or 1 after one line on standard error when it cannot start."""
    try:
        configure("service")
        chosen = within(chosen)
        listener = _listen(chosen)
        app = create_app(chosen) if chosen.http_workers == 1 else None
    except OSError as error:
        return _refuse(f"{chosen.host}:{chosen.port} cannot be listened on: {error.strerror or error}")
    except FeaturelensError as error:
        return _refuse(error.detail)
    logger().info("listening", host=chosen.host, port=chosen.port, keys=chosen.auth_required)
    if chosen.auth_required and not ApiKeys(chosen.keys_file).all():
        logger().warning(
            "nobody has an API key yet; python -m featurelens.service.keys create --scope render makes one"
        )
    if not chosen.auth_required and "*" in chosen.host_names:
        logger().warning("no keys are asked for, and any web page can reach this; FEATURELENS_ALLOWED_HOSTS stops that")
    if app is not None:
        HttpServer(app, chosen, listener).run()
    else:
        share = chosen.model_copy(update={"connections": -(-chosen.connections // chosen.http_workers)})

        def answer(alive: Callable[[], None]) -> None:
            reserve()
            # An app of its own each: a library of the store may have threads, which a fork would not take over.
            HttpServer(create_app(share), share, listener, alive).run()

        HttpWorkers(chosen.http_workers, answer).run()
    return 0


def _listen(chosen: Settings) -> socket.socket:
    family, kind, protocol, _, where = socket.getaddrinfo(
        chosen.host, chosen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(where)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _refuse(reason: str) -> int:
    sys.stderr.write(f"featurelens service: {reason}\n")
    return 1
