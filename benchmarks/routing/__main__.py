"""Lane fill, waiting and throughput of fleets of 1 to 256 simulated renderers, under four ways of routing.

    python -m benchmarks.routing [--seed 1] [--largest 256] [--plot docs/images/routing.svg]

The routing code is the service's, devices are lines through measurements, the clock is virtual: seconds are those of
the model, and ratios are what counts. Prints the tables of docs/scaling.md; the same seed gives the same numbers.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.routing import traffic
from benchmarks.routing.chart import Panel, svg
from benchmarks.routing.device import DEVICES, Device
from benchmarks.routing.fleet import Fleet, Outcome, percentile
from benchmarks.routing.policies import POLICIES
from benchmarks.routing.renderer import Request
from featurelens.jobs.queue.routing import ranking

SIZES = (1, 4, 16, 64, 256)
FEW = 16
"""Renderers of a fleet that shows what a larger one would not show otherwise."""

SWEEPS = 2
"""A renderer; at least twelve in all."""

SMALL = 8
"""Pictures of a small sweep."""

SPREAD = 10.0
"""Seconds in which small sweeps are asked for."""

RATES = {"cpu": 0.08, "card": 1.5}
"""Single requests a second and renderer."""

Row = tuple[str, int, Outcome, float]
"""Policy, renderers, what came of it, the shortest time in which the pictures could have been made."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.routing", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--largest", type=int, default=64, help="renderers of the largest fleet")
    parser.add_argument("--plot", type=Path, help="where the plot is written, as SVG")
    options = parser.parse_args()
    sizes = [size for size in SIZES if size <= options.largest]
    card, cpu = DEVICES["card"], DEVICES["cpu"]

    swept = list(_runs(card, sizes, options.seed, rate=0.0))
    _tell_sweeps("Sweeps of 512 pictures, cards", swept)
    _tell_sweeps(f"Many sweeps of {SMALL} pictures, layers in turn, cards", list(_small(card, sizes, options.seed)))
    mixed = list(_runs(card, sizes, options.seed, rate=RATES["card"]))
    _tell_singles(f"Sweeps, and {RATES['card']:g} single requests a second and card", mixed)
    few = [size for size in sizes if size <= FEW]
    _tell_singles("Single requests alone, cards", list(_runs(card, few, options.seed, rate=RATES["card"], each=0)))
    _tell_sweeps("Sweeps of 512 pictures, two cores each", list(_runs(cpu, [4], options.seed, rate=0.0)))
    _tell_singles(
        f"Sweeps, and {RATES['cpu']:g} single requests a second and renderer of two cores",
        list(_runs(cpu, [4], options.seed, rate=RATES["cpu"])),
    )
    hurt = list(_runs(card, [16], options.seed, rate=RATES["card"], deaths=(5.0, 12.0, 19.0, 26.0), joins=(15.0, 30.0)))
    _tell_singles("16 cards of which four die and two join", hurt)
    _tell_moves(sizes)
    if options.plot:
        options.plot.write_text(_plot(swept, mixed, sizes))


def _runs(
    device: Device,
    sizes: Sequence[int],
    seed: int,
    *,
    rate: float,
    each: int = SWEEPS,
    deaths: Sequence[float] = (),
    joins: Sequence[float] = (),
) -> Iterator[Row]:
    for size in sizes:
        span = SWEEPS * traffic.CHANNELS * device.best * (2 if rate else 0.05)
        for name, fresh in POLICIES.items():
            requests = _requests(size, seed, span, rate=rate, each=each)
            outcome = Fleet(device, size, fresh(), seed).run(requests, deaths, joins)
            yield name, size, outcome, sum(one.pictures for one in requests) * device.best / size


def _small(device: Device, sizes: Sequence[int], seed: int) -> Iterator[Row]:
    """As many pictures of as many lanes as in the large sweeps."""
    for size in sizes:
        lanes = max(traffic.LAYERS, SWEEPS * size)
        requests = traffic.small_sweeps(lanes, traffic.CHANNELS // SMALL, SMALL, SPREAD)
        for name, fresh in POLICIES.items():
            outcome = Fleet(device, size, fresh(), seed).run(map(replace, requests))
            yield name, size, outcome, sum(one.pictures for one in requests) * device.best / size


def _requests(size: int, seed: int, span: float, *, rate: float, each: int) -> list[Request]:
    asked = traffic.sweeps(max(traffic.LAYERS, each * size), span / 4, seed) if each else []
    return asked + (traffic.singles(rate * size, span, seed) if rate else [])


def _tell_sweeps(title: str, rows: Sequence[Row]) -> None:
    columns = "lane fill | of the best throughput | median sweep | lanes opened each | taken |"
    print(f"\n{title}\n\n| renderers | routing | {columns}\n|---|---|---|---|---|---|---|")
    for name, size, outcome, best in rows:
        took = percentile([one.ended - one.asked for one in outcome.requests], 0.5)
        figures = f"{outcome.fill:.2f} | {best / outcome.end:.2f} | {took:.0f} s | {outcome.opened / size:.0f}"
        print(f"| {size} | {name} | {figures} | {_share(outcome.taken, outcome)} |")


def _tell_singles(title: str, rows: Sequence[Row]) -> None:
    columns = "lane fill | wait p50, p95, p99 | answer p50, p95, p99 | median sweep | taken | dealt again |"
    print(f"\n{title}\n\n| renderers | routing | {columns}\n|---|---|---|---|---|---|---|---|")
    for name, size, outcome, _ in rows:
        single = [one.ended - one.asked for one in outcome.requests if not one.sweep]
        swept = [one.ended - one.asked for one in outcome.requests if one.sweep]
        took = f"{percentile(swept, 0.5):.0f} s" if swept else ""
        moved = f"{_share(outcome.taken, outcome)} | {_share(outcome.dealt_again, outcome)}"
        print(
            f"| {size} | {name} | {outcome.fill:.2f} | {_three(outcome.waits)} | {_three(single)} | {took} | {moved} |"
        )


def _tell_moves(sizes: Sequence[int]) -> None:
    """The homes of lanes before and after a renderer joins: of all lanes, how many change theirs."""
    lanes = [f"lane-{one}" for one in range(2000)]
    print("\nLanes that change their home when one renderer joins\n")
    print("| renderers before | moved | its share |\n|---|---|---|")
    for size in sizes:
        before = [f"renderer-{one}" for one in range(size)]
        after = [*before, f"renderer-{size}"]
        moved = sum(ranking(lane, before)[0] != ranking(lane, after)[0] for lane in lanes)
        print(f"| {size} | {100 * moved / len(lanes):.1f} % | {100 / (size + 1):.1f} % |")


def _three(values: Sequence[float]) -> str:
    return ", ".join(f"{percentile(values, share):.1f}" for share in (0.5, 0.95, 0.99)) + " s"


def _share(pictures: int, outcome: Outcome) -> str:
    return f"{100 * pictures / sum(one.pictures for one in outcome.requests):.0f} %"


def _plot(swept: Sequence[Row], mixed: Sequence[Row], sizes: Sequence[int]) -> str:
    def lines(rows: Sequence[Row], figure: str) -> dict[str, list[tuple[float, float]]]:
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in POLICIES}
        for name, size, outcome, best in rows:
            singles = [one.ended - one.asked for one in outcome.requests if not one.sweep]
            value = {
                "fill": outcome.fill,
                "throughput": best / outcome.end,
                "answer": percentile(singles, 0.95),
            }[figure]
            found[name].append((size, value))
        return found

    panels = [
        Panel("Lane fill in sweeps", lines(swept, "fill"), 1.0, (0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        Panel("Of the best throughput, sweeps", lines(swept, "throughput"), 1.0, (0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        Panel(
            "Single pictures beside sweeps: p95, seconds",
            lines(mixed, "answer"),
            100.0,
            (2, 5, 10, 20, 50, 100),
            lowest=2.0,
            logarithmic=True,
        ),
    ]
    return svg(panels, sizes, "renderers")


if __name__ == "__main__":
    main()
