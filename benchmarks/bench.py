"""Milliseconds per step and picture, compared with a plain loop in the same run: `make bench`.

Every time is the median over rounds in which all cases of a network take turns, so that a change in the machine's speed
affects all of them. Ratios are comparable between machines, absolute times are not.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.plain import PlainLoop, network_of
from benchmarks.subjects import TIMED, Subject
from featurelens.engine.extraction.extractor import Extractor
from featurelens.engine.lane import Lane
from featurelens.engine.malloc import keep_memory
from featurelens.engine.objectives import Channel
from featurelens.engine.optimization import Recipe
from featurelens.engine.precision import best_device, best_dtype

SIZE = 224
REPEAT = 3
"""Consecutive steps of a case in a round, as in use."""


def matrix_rate(dtype: torch.dtype, device: torch.device) -> float:
    """FLOP/s of the device's matrix product, the best of several."""
    side = 8192 if device.type == "cuda" else 2048
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    fastest = min(seconds(lambda: a @ b, device) for _ in range(12))
    return 2 * side**3 / fastest


def name_of(device: torch.device) -> str:
    """The device with its model or its number of threads."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    return f"{device} ({name})"


def seconds(work: Callable[[], object], device: torch.device) -> float:
    """Seconds until the device has finished `work`."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    begun = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - begun


def _repeat(work: Callable[[], object]) -> None:
    for _ in range(REPEAT):
        work()


class LaneCase:
    """A lane that stays full: its pictures have more steps than the benchmark."""

    def __init__(
        self, subject: Subject, pictures: int, dtype: torch.dtype, device: torch.device, limit: int = 0
    ) -> None:
        network = network_of(subject.build(), subject.preprocessing, subject.title)
        self.pictures = pictures
        size = (SIZE, SIZE)
        self._lane = Lane(network, [subject.layer], size, dtype=dtype, device=device, limit=limit or pictures)
        for number in range(pictures):
            channel = (subject.channel + number) % 256
            self._lane.join(Recipe(Channel(subject.layer, channel), size, steps=1_000_000, seed=number))
        self.step = self._lane.tick
        self._inputs = torch.rand(pictures, 3, *size, device=device)
        self._network, self._layer = network, subject.layer

    def network_alone(self) -> None:
        """One forward and backward pass of the network, without decode, transform and optimizer."""
        _through(self._lane._extract, self._inputs)

    def operations(self) -> int:
        """Floating-point operations of one step of the whole lane, counted on the network as it was written."""
        plain = Extractor(self._network, [self._layer], device="meta")
        with FlopCounterMode(display=False) as counter:
            _through(plain, self._inputs.to("meta"))
        return int(counter.get_total_flops())

    def kept(self) -> int:
        """Bytes that a step of the whole lane saves for its backward pass, weights excluded."""
        weights = {tensor.untyped_storage().data_ptr() for tensor in self._lane._extract.module.parameters()}
        storages: dict[int, int] = {}

        def note(tensor: Tensor) -> Tensor:
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in weights:
                storages[storage.data_ptr()] = storage.nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            self.step()
        return sum(storages.values())


def _through(extract: Extractor, inputs: Tensor) -> None:
    inputs = inputs.detach().requires_grad_(True)
    reading = next(iter(extract(inputs).values()))
    torch.autograd.grad(reading.value[:, 0].float().sum(), inputs)


def measure(subject: Subject, lanes: list[int], rounds: int, device: torch.device, rate: float) -> list[str]:
    dtype = best_dtype(device)
    plain = PlainLoop(subject.build(), subject.preprocessing, subject.layer, subject.channel, SIZE, device)
    cases = [LaneCase(subject, pictures, dtype, device) for pictures in lanes]
    works: list[Callable[[], object]] = [plain.step]
    works += [work for case in cases for work in (case.step, case.network_alone)]
    times: list[list[float]] = [[] for _ in works]
    for turn in range(rounds + 1):
        for spent, work in zip(times, works, strict=True):
            work()  # the caches are warm again
            taken = seconds(partial(_repeat, work), device) / REPEAT
            if turn >= 1:
                spent.append(taken)
    medians = [statistics.median(spent) for spent in times]
    base = medians[0]
    rows = [f"{subject.title:24} {'plain loop':>10} {base * 1e3:9.2f} {1.0:7.2f}x"]
    for index, case in enumerate(cases):
        step, alone = medians[1 + 2 * index], medians[2 + 2 * index]
        each = step / case.pictures
        fraction = case.operations() / step / rate
        share = max(0.0, 1 - alone / step)
        rows.append(
            f"{subject.title:24} {f'lane of {case.pictures}':>10} {each * 1e3:9.2f} {base / each:7.2f}x "
            f"{fraction:10.0%} {share:9.0%} {case.kept() / case.pictures / 1e6:7.1f}"
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lanes", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--device", default="auto")
    arguments = parser.parse_args()
    keep_memory()
    device = best_device(arguments.device)
    dtype = best_dtype(device)
    rate = matrix_rate(dtype, device)
    print(f"{name_of(device)}, torch {torch.__version__}, network in {dtype}, {SIZE}x{SIZE}")
    print(f"matrix product: {rate / 1e9:.0f} GFLOP/s {dtype}, {matrix_rate(torch.float32, device) / 1e9:.0f} float32")
    print(
        f"{'network and layer':24} {'':>10} {'ms/step':>9} {'ratio':>8} {'of matmul':>10} {'engine':>9} {'MB each':>7}"
    )
    for subject in TIMED:
        for row in measure(subject, arguments.lanes, arguments.rounds, device, rate):
            print(row, flush=True)


if __name__ == "__main__":
    main()
