"""The longest messages there can be pass from slot to renderer and back."""

from __future__ import annotations

import io
import json
import socket
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image

from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.queue.record import Record
from featurelens.jobs.spec.activations import MAX_LAYERS, MAX_UNITS
from featurelens.jobs.spec.objectives import MAX_VECTOR
from featurelens.jobs.spec.visualization import MAX_STEPS, VisualizationSpec
from featurelens.worker.protocol import MAX_LINE, Ask, Finished
from featurelens.worker.renderer.connection import Connection
from featurelens.worker.slot.client import converse
from featurelens.worker.slot.pictures import encoded

LONG = -1.2345678901234567e-300
WIDEST = VisualizationSpec.model_validate(
    {
        "model": "\N{GREEK SMALL LETTER OMEGA}" * 200,
        "layer": "\N{GREEK SMALL LETTER OMEGA}" * 200,
        "size": 1024,
        "objective": {"type": "direction", "vector": [LONG] * MAX_VECTOR},
    }
).completed()
ASK = Ask(key=VISUALIZATION.key(WIDEST, "sha256:" + "0" * 64, "1"), spec=WIDEST, digest="sha256:" + "0" * 64)


def most_numbers() -> dict[str, Any]:
    """Of the activations of as many layers, each with as many units, as may be asked for."""
    unit = {"channel": 2**31 - 1, "value": LONG, "x": 1023, "y": 1023}
    lists = dict.fromkeys(("highest", "lowest", "highest_mean", "lowest_mean"), [unit] * MAX_UNITS)
    layer = {
        "layer": "\N{GREEK SMALL LETTER OMEGA}" * 200,
        "channels": 2**31 - 1,
        "height": 1024,
        "width": 1024,
        **lists,
    }
    one = {"channel": 2**31 - 1, "label": "x" * 200, "logit": LONG, "probability": LONG}
    return {"layers": [layer] * MAX_LAYERS, "classes": [one] * MAX_UNITS, "curve": [LONG] * MAX_STEPS}


def test_the_longest_messages_arrive(tmp_path: Path) -> None:
    done = Finished(numbers=most_numbers())
    assert max(len(ASK.line()), len(done.line())) < MAX_LINE / 1.5
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(tmp_path / "s"))
    listener.listen()
    heard: list[Ask | None] = []

    def renderer() -> None:
        connection = Connection(listener.accept()[0])
        while connection.ask is None and connection.receive():
            continue
        heard.append(connection.ask)
        connection.finish(done, b"")
        while connection.flush() or connection.unsent:
            continue
        connection.socket.close()

    thread = threading.Thread(target=renderer)
    thread.start()
    try:
        finished, _ = converse(tmp_path / "s", ASK, lambda _: None, lambda: True)
    finally:
        thread.join()
        listener.close()
    assert heard == [ASK]
    assert finished == done


def test_a_message_without_an_end_is_refused() -> None:
    here, there = socket.socketpair()
    with here, there:
        connection = Connection(there)
        here.setblocking(False)
        sent, alive = 0, True
        while alive and sent <= 2 * MAX_LINE:
            sent += here.send(b"x" * 65536)
            alive = connection.receive()
        assert not alive
        assert sent > MAX_LINE


def test_the_widest_spec_stands_in_the_picture() -> None:
    """In the PNG's text chunk, from which Pillow and others read it."""
    now = datetime.now(UTC)
    record = Record(status="running", attempt="a", spec=WIDEST, digest="d", created=now, steps=WIDEST.steps)
    finished = Finished(pictures=1, height=2, width=3, channels=3, numbers={"activation": 1.0})
    (png,), _ = encoded(ASK.key, record, finished, bytes(18))
    with Image.open(io.BytesIO(png)) as image:
        image.load()
        text = json.loads(image.info["featurelens"])
    assert VisualizationSpec.model_validate(text["spec"]) == WIDEST
    assert len(png) < MAX_LINE
