"""The process of the renderer: made of the settings, run until SIGTERM or SIGINT, and how it ends."""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn

import torch

from featurelens.engine.device_check import DeviceLost
from featurelens.engine.malloc import keep_memory
from featurelens.engine.precision import best_device, repeatable
from featurelens.jobs.logs import configure, logger
from featurelens.jobs.queue.broker import connect
from featurelens.jobs.queue.deaths import NO_SOCKET, OUTGROWN
from featurelens.jobs.queue.liveness import renderer_key
from featurelens.jobs.settings import settings_of
from featurelens.jobs.store.open_store import open_photos
from featurelens.worker.heartbeat import Heartbeat
from featurelens.worker.models.registry import Registry
from featurelens.worker.renderer.free_memory import memory_for_jobs
from featurelens.worker.renderer.growth import Outgrown
from featurelens.worker.renderer.listener import NoSocket
from featurelens.worker.renderer.renderer import Renderer
from featurelens.worker.renderer.temporary_files import keep_in
from featurelens.worker.renderer.volunteer import Volunteer

DEVICE_LOST = 71
"""Exit status of a renderer that can compute nothing any more."""


def main() -> None:
    """Runs the renderer and its heartbeat, and ends the process."""
    configure("renderer")
    keep_memory()
    configured = settings_of("renderer")
    keep_in(configured.temporary_folder)
    device = best_device(configured.device)
    repeatable(device)
    registry = Registry(configured)
    heartbeat = Heartbeat(connect(), renderer_key(configured.renderer_id))
    photos = open_photos(configured, patient=True)
    budgets = configured.networks_bytes, memory_for_jobs(device) // configured.sharing
    id = configured.renderer_id
    try:
        renderer = Renderer(configured.renderer_socket, device, registry, photos, heartbeat, *budgets, id=id)
    except NoSocket as error:
        _end(error)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: renderer.stop())
    renderer.warm_up()
    heartbeat.start()
    Volunteer(connect(), id, configured.renderer_socket, renderer.device, lambda: renderer.wanted).start()
    logger().info("ready", device=str(device), precision=str(renderer.device.dtype), threads=torch.get_num_threads())
    try:
        renderer.run()
    except (NoSocket, DeviceLost, Outgrown) as error:
        heartbeat.stop()
        _end(error)
    heartbeat.stop()
    configured.renderer_socket.unlink(missing_ok=True)
    _end()


def _end(problem: NoSocket | DeviceLost | Outgrown | None = None) -> NoReturn:
    """Ends the process. Loading threads may be in the middle of a download: they are not waited for."""
    if problem is not None:
        sys.stderr.write(f"featurelens renderer: {problem}\n")
    sys.stderr.flush()
    statuses = {NoSocket: NO_SOCKET, DeviceLost: DEVICE_LOST, Outgrown: OUTGROWN}
    os._exit(statuses[type(problem)] if problem else 0)
