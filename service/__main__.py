"""``python -m featurelens.service``: serves HTTP on HOST and PORT."""

from __future__ import annotations

import socket
import sys

from featurelens.jobs.errors import FeaturelensError
from featurelens.jobs.logs import configure, logger
from featurelens.jobs.settings import Settings, settings_of
from featurelens.service.app import create_app
from featurelens.service.auth.api_keys import ApiKeys
from featurelens.service.descriptors import within
from featurelens.service.http_server import HttpServer

BACKLOG = 2048


def main() -> int:
    """Serves until asked to stop. One line on standard error and 1 when it cannot start."""
    chosen = settings_of("service")
    try:
        configure("service")
        chosen = within(chosen)
        listener = _listen(chosen)
        app = create_app(chosen)
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
    HttpServer(app, chosen, listener).run()
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


if __name__ == "__main__":
    sys.exit(main())
