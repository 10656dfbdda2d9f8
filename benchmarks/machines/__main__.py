"""Two machines on one broker and one store: what either is asked for, both show; and what mishaps make of it.

    python -m benchmarks.machines [--jobs 200] [--seed 1]
    python -m benchmarks.machines --chaos [--minutes 12] [--seed 1]

Each machine is a network namespace with a worker and a service. Exit status 1: something was lost, differs between the
services, was told wrongly, or was put into the store again with other bytes.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.chaos import ASKERS, Report, asking, hurt, settle
from benchmarks.machines.comparison import differences
from benchmarks.machines.hub import Hub
from benchmarks.machines.machine import STARTED_WITHIN, Machine
from benchmarks.machines.mishaps import mishaps, whole
from benchmarks.machines.network import Place, enter_hub
from benchmarks.machines.orders import KINDS, SWEPT, Asker, alternating, order, uploaded
from tests.support.wait import until
from tests.support.witness import Witness

MACHINES = 2
SETTINGS = {"FEATURELENS_SLOTS": "3", "FEATURELENS_SWEEP_SLOTS": "8", "OMP_NUM_THREADS": "1"}
MADE_WITHIN = 1200.0


@contextmanager
def running() -> Iterator[tuple[Hub, list[Machine]]]:
    """A hub, and machines that are ready and see each other's renderers."""
    with tempfile.TemporaryDirectory(prefix="machines") as name, ExitStack() as held:
        folder = Path(name)
        hub = held.enter_context(Hub(folder))
        places = [held.enter_context(Place(number)) for number in range(1, MACHINES + 1)]
        machines = [held.enter_context(Machine(place, folder, hub.settings | SETTINGS)) for place in places]
        until(lambda: whole(machines), STARTED_WITHIN, "both machines", every=0.5)
        yield hub, machines


def mixed(machines: Sequence[Machine], jobs: int, seed: int) -> bool:
    """That many jobs of all kinds, asked for in turn; whether all were made and either service shows the same."""
    chance, witness = random.Random(seed), Witness(alternating([one.url for one in machines]))
    photos = [uploaded(one.http, 20 * number) for number, one in enumerate(machines)]
    asked: Counter[str] = Counter()
    begun = time.monotonic()
    for number in range(jobs):
        if asked.total() >= jobs:
            break
        kind = "scan" if number == 0 else KINDS[number % len(KINDS)]
        here, there = number % MACHINES, (number + 1) % MACHINES
        path, body = order(kind, number, chance, photos[there])
        answer = machines[here].http.post(path, json=body)
        assert answer.status_code == 202, answer.text
        urls = [answer.headers["location"]]
        if kind == "sweep":
            items = machines[there].http.get(answer.json()["links"]["items"]).json()["items"]
            urls = [item["url"] for item in items]
            assert len(urls) == SWEPT
        witness.accepted(urls)
        asked[kind] += len(urls)
    witness.wait(MADE_WITHIN)
    seconds = time.monotonic() - begun
    different = [at for url in witness.told for at in differences([one.http for one in machines], url)]
    makers = {one.place.name: one.finished() for one in machines}
    print(f"{asked.total()} jobs in {seconds:.0f} s: {dict(asked)}")
    print(f"not made: {witness.lost}\ntold an end, then something else: {witness.lies}")
    print(f"answered differently: {different}\nmade by: {makers}")
    return not (witness.lost or witness.lies or different)


def chaos(hub: Hub, machines: Sequence[Machine], minutes: float, seed: int) -> bool:
    """Jobs under mishaps; whether nothing bad was seen."""
    report, chance = Report(), random.Random(seed)
    askers = [Asker([one.url for one in machines], seed + number) for number in range(ASKERS)]
    coming = mishaps(machines, hub, chance)
    with asking(askers) as ended:
        for _ in hurt(report, minutes, chance, lambda: next(coming), lambda: whole(machines)):
            if ended():
                break
    settle(askers, report)
    told = {url: states for asker in askers for url, states in asker.witness.told.items()}
    versions = hub.versions()
    twice = {name: put for name, put in versions.items() if len(set(put)) > 1}
    again = sum(len(put) - 1 for name, put in versions.items() if name not in twice)
    stopped = [url for url, states in told.items() if states[-1:] == ["cancelled"]]
    kept = [url for url in stopped if any(url.rpartition("/")[2] in name for name in versions)]
    different = [
        at
        for url, states in told.items()
        if states[-1:] == ["succeeded"]
        for at in differences([one.http for one in machines], url)
    ]
    revived = [url for url, states in told.items() if "cancelled" in states[:-1] and states[-1] == "succeeded"]
    print(report.table())
    print(f"\n{len(versions)} objects; put again with the same bytes: {again}, with other bytes: {len(twice)}")
    print(f"succeeded after cancelled: {len(revived)}; cancelled and yet stored: {len(kept)} of {len(stopped)}")
    print(f"answered differently by the services: {len(different)}")
    for name, bad in {"lost": report.lost, "torn": report.torn, "lies": report.lies, "twice": twice}.items():
        if bad:
            print(f"{name}: {bad}")
    print(f"revived: {revived}\nkept: {kept}\ndifferent: {different}")
    return report.good and not (twice or revived or kept or different)


def main() -> int:
    enter_hub("benchmarks.machines")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # machines are cleared away
    parser = argparse.ArgumentParser(prog="benchmarks.machines")
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--chaos", action="store_true")
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with running() as (hub, machines):
        good = (
            chaos(hub, machines, asked.minutes, asked.seed) if asked.chaos else mixed(machines, asked.jobs, asked.seed)
        )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
