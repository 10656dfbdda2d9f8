"""A real reverse proxy in front of a service: Debian's nginx, without root and with a folder of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from featurelens.launcher.claim import free_port
from tests.support.programs import found, needs
from tests.support.wait import until

PROGRAM = found("nginx")

NEEDED = needs(PROGRAM, "nginx-light")
"""Marks a test that starts one."""

_CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/errors; {user}
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxied; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  proxy_http_version 1.1; proxy_buffering off; client_max_body_size 8m;
  server {{
    listen 127.0.0.1:{port};
    {locations}
  }}
}}
"""

FORWARD = "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
"""For each location: one that sets a header takes over none."""


@contextmanager
def nginx(folder: Path, locations: str) -> Iterator[str]:
    """Its address while it runs. Skips nothing: whoever calls looks whether there is a `PROGRAM`."""
    assert PROGRAM is not None
    port = free_port()
    user = "user root;" if folder.owner() == "root" else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(_CONFIGURATION.format(folder=folder, user=user, port=port, locations=locations))
    process = subprocess.Popen(
        [PROGRAM, "-p", str(folder), "-e", str(folder / "errors"), "-c", str(configuration)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: _answers(port), what="nginx")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/")
    except httpx.TransportError:
        return False
    return True
