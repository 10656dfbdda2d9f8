"""What reading all units costs beside the forward pass itself: ``python -m benchmarks.scan [--turns 6]``.

Images are decoded already. 128 of them pass plainly, then 128 are read and taken in, and so on in turns, because
machines change their speed; what is told is the ratio of the median rates. The second figure is of processor time.

``--folder DIR``: a whole scan of the images in a folder, without thumbnails, beside decoding them alone and beside
reading as many decoded ones alone, in turns. Each has all cores, so a scan cannot be done before the sum of both.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks.subjects import SHARED
from featurelens.engine.malloc import keep_memory
from featurelens.engine.scan import Accumulator, Reader
from featurelens.engine.scan.accumulator import TOGETHER
from featurelens.jobs.scan_rows import rows
from featurelens.jobs.settings import Settings
from featurelens.worker.datasets.decoder import Decoder
from featurelens.worker.datasets.shelf import Shelf
from featurelens.worker.models.registry import Registry
from featurelens.worker.renderer.scans.batches import Batches
from tests.support.scanning import asked, scanned, workshop
from tests.support.tiny_darknet import link


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock, and of processor time."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - processor


def compare(registry: Registry, name: str, turns: int) -> None:
    """Prints one line about the recommended layers of a network."""
    network, entry = registry.load(name), registry.entry(name)
    layers = [layer.name for layer in registry.describe(name) if layer.recommended]
    count = rows(network.parameters, entry.input_size, "cpu")
    pictures = torch.rand(count, entry.input_channels, *entry.input_size)
    reader = Reader(network, layers, count, torch.device("cpu"))
    reader(pictures)
    gathered = Accumulator(reader.rectified, 9)

    batches = TOGETHER // count  # taken in at the end of each turn

    def plain() -> None:
        with torch.no_grad():
            for _ in range(batches):
                network.module(network.preprocessing(pictures))

    def scan(turn: int) -> None:
        for batch in range(turn * batches, (turn + 1) * batches):
            gathered.add(torch.arange(batch * count, (batch + 1) * count), reader(pictures))

    plain()
    passes, reads = [], []
    for turn in range(turns):
        passes.append(measured(plain))
        reads.append(measured(lambda turn=turn: scan(turn)))  # type: ignore[misc]
    clock, processor = (
        statistics.median(one[i] for one in passes) / statistics.median(one[i] for one in reads) for i in (0, 1)
    )
    rate = TOGETHER / statistics.median(one[0] for one in reads)
    print(
        f"{name:14} {len(layers):2} layers {gathered.units:5} units  {rate:6.1f} images/s  "
        f"{clock:.2f} of the rate of the plain pass ({processor:.2f} by processor time)"
    )


def compare_whole(registry: Registry, name: str, folder: Path, turns: int) -> None:
    """Prints one line about a whole scan of the recommended layers over the images in `folder`."""
    network, size = registry.load(name), registry.entry(name).input_size
    layers = [layer.name for layer in registry.describe(name) if layer.recommended]
    count = rows(network.parameters, size, "cpu")
    reader = Reader(network, layers, count, torch.device("cpu"))
    decoder = Decoder()
    decoder.warm_up()
    with tempfile.TemporaryDirectory() as state:
        (Path(state) / "sets").mkdir()
        (Path(state) / "sets" / "images").symlink_to(folder.resolve())
        shelf = Shelf(Path(state) / "sets")
        ask = asked(shelf, network, "images", layers, size)
        images = shelf.open("images", shelf.entries()[-1].identity)
        batch = torch.zeros(count, network.preprocessing.channels, *size)
        reader(batch)
        starts = range(0, len(images), count)

        def decode() -> None:
            batches = Batches(images, decoder, network, size, count, range(len(images)))
            for _ in starts:
                made = batches.next(60)
                assert made is not None
                batch.copy_(made.pictures)

        def read() -> None:
            gathered = Accumulator(reader.rectified, 9)
            for start in starts:
                gathered.add(torch.arange(start, start + count), reader(batch))

        seconds: list[tuple[float, ...]] = []
        for turn in range(turns):
            scans = workshop(Path(state) / str(turn), Path(state) / "sets", thumbnails=False)
            scans._decoder.get()
            works = (decode, read, lambda scans=scans: scanned(scans, ask, network))
            seconds.append(tuple(measured(work)[0] for work in works))
    decoder.close()
    decoding, reading, whole = (statistics.median(one) for one in zip(*seconds, strict=True))
    both = statistics.median((one[0] + one[1]) / one[2] for one in seconds)
    rates = (f"{what} {len(images) / spent:6.1f}/s" for what, spent in (("decoding", decoding), ("reading", reading)))
    print(
        f"{name:14} {len(images):5} images  {'  '.join(rates)}  "
        f"whole scan {len(images) / whole:6.1f}/s, {both:.2f} of what the sum of both allows"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--threads", type=int, default=0, help="of torch; 0: as many as it takes")
    parser.add_argument("--folder", type=Path, help="of images that are scanned from beginning to end")
    options = parser.parse_args()
    keep_memory()
    if options.threads:
        torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder) / "models"
        names = ["patternnet"]
        if (SHARED / "models" / "tiny_darknet").exists():
            link(models)
            names.append("tiny_darknet")
        registry = Registry(Settings(state=Path(folder) / "state", models=models), apart=False)
        for name in names:
            if options.folder is None:
                compare(registry, name, options.turns)
            else:
                compare_whole(registry, name, options.folder, options.turns)


if __name__ == "__main__":
    main()
