"""A renderer without work gives its memory back, once."""

from __future__ import annotations

import subprocess
import sys

from featurelens.worker.renderer.rest import REST_AFTER, Rest

GIVEN_BACK = """
import resource
from pathlib import Path
from featurelens.engine.malloc import give_back, keep_memory

def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() >> 20

assert keep_memory()
before = held()
blocks = [bytearray(1 << 20) for _ in range(200)]
last = bytearray(1 << 20)
del blocks
kept = held()
assert kept - before > 190, (before, kept)
assert give_back()
assert held() - before < 20, (before, held())
"""


def test_what_is_free_is_given_back_though_it_is_kept_between_steps() -> None:
    done = subprocess.run([sys.executable, "-c", GIVEN_BACK], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_once_after_each_time_of_work() -> None:
    now = 0.0
    rest = Rest(lambda: now)
    given: list[float] = []
    for second in range(100):
        now = float(second)
        if rest.tell(busy=30 <= second < 40):
            given.append(now)
    assert given == [REST_AFTER + 1, 39 + REST_AFTER + 1]
