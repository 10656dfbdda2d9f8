"""Trains patternnet from nothing: ``python -m featurelens.worker.models.patternnet.train --seed 0``.

Writes the weights (safetensors, float32), the labels and a record of the run. Two things make the pictures of the
classes look like the classes: part of every batch is moved one small step against the network (the fast gradient sign
attack), and the filters of conv1 are blurred, so that nothing near the pixel grid's own frequency can excite them.
"""

from __future__ import annotations

import argparse
import json
import logging
import platform
import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.utils.data import DataLoader, Dataset

from featurelens.worker.models.patternnet.architecture import MEAN, STD, PatternNet
from featurelens.worker.models.patternnet.patterns import LABELS, images

FOLDER = Path(__file__).parent
SIZES = (48, 64, 64, 80, 96)
BATCH = 96
PEAK_RATE = 4e-3
SMOOTHING = 0.05
ATTACK = 0.08
"""Largest attack per colour value; each attacked image gets a uniform share of it."""
HELD_OUT = 1_000_000
"""Batches with this number or above are never trained on."""

log = logging.getLogger("patternnet")


class Batches(Dataset[tuple[Tensor, Tensor]]):
    """Batch number n, always the same for the same seed."""

    def __init__(self, seed: int, first: int, count: int, size: int | None = None) -> None:
        self.seed, self.first, self.count, self.size = seed, first, count, size

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        torch.set_num_threads(1)
        number = self.first + index
        generator = torch.Generator().manual_seed(self.seed * 10_000_000 + number)
        size = self.size or SIZES[int(torch.randint(len(SIZES), (1,), generator=generator))]
        labels = torch.randint(len(LABELS), (BATCH * 64**2 // size**2,), generator=generator)
        return images(labels, size, size, generator), labels


class Blurred(nn.Module):
    """A 7x7 filter that is its own inner 5x5 convolved with the binomial (1 2 1)."""

    def forward(self, weight: Tensor) -> Tensor:
        line = torch.tensor([0.25, 0.5, 0.25])
        inner = weight[:, :, 1:-1, 1:-1].flatten(0, 1).unsqueeze(1)
        return F.conv2d(inner, (line[:, None] * line)[None, None], padding=2).view_as(weight)


def normalized(pictures: Tensor) -> Tensor:
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    return ((pictures - mean) / std).contiguous(memory_format=torch.channels_last)


def attacked(network: PatternNet, pictures: Tensor, labels: Tensor) -> Tensor:
    """The pictures after one signed gradient step that raises the loss, each by its own share of `ATTACK`."""
    network.eval().requires_grad_(False)
    changed = pictures.clone().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        values = network(normalized(changed))
    (gradient,) = torch.autograd.grad(F.cross_entropy(values.float(), labels), changed)
    network.train().requires_grad_(True)
    share = torch.linspace(0, ATTACK, len(pictures)).view(-1, 1, 1, 1)
    return (pictures + share * gradient.sign()).clamp(0, 1)


def train(seed: int, steps: int) -> PatternNet:
    torch.manual_seed(seed)
    network = PatternNet(len(LABELS)).to(memory_format=torch.channels_last)
    parametrize.register_parametrization(network.conv1[0], "weight", Blurred())
    optimizer = torch.optim.AdamW(network.parameters(), PEAK_RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=steps, pct_start=0.2)
    batches = DataLoader(Batches(seed, 0, steps), batch_size=None, num_workers=1, prefetch_factor=8)
    seen = right = 0
    for step, (pictures, labels) in enumerate(batches, 1):
        half = len(labels) // 2
        pictures[:half] = attacked(network, pictures[:half], labels[:half])
        with torch.autocast("cpu", torch.bfloat16):
            values = network(normalized(pictures))
        loss = F.cross_entropy(values.float(), labels, label_smoothing=SMOOTHING)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        seen, right = seen + len(labels), right + int((values.argmax(1) == labels).sum())
        if step % 50 == 0:
            log.info("step %d of %d: loss %.3f, accuracy %.3f under attack", step, steps, loss.item(), right / seen)
            seen = right = 0
    parametrize.remove_parametrizations(network.conv1[0], "weight")
    return network.eval()


@torch.no_grad()
def accuracy(network: PatternNet, seed: int, batches: int = 60) -> dict[str, float]:
    """Share of held-out images classified right, per class, in float32."""
    seen, right = torch.zeros(len(LABELS)), torch.zeros(len(LABELS))
    for pictures, labels in DataLoader(Batches(seed, HELD_OUT, batches), batch_size=None, num_workers=1):
        hits = network(normalized(pictures)).argmax(1) == labels
        seen += torch.bincount(labels, minlength=len(LABELS))
        right += torch.bincount(labels[hits], minlength=len(LABELS))
    shares = {name: round(float(right[i] / seen[i]), 4) for i, name in enumerate(LABELS)}
    return {"all": round(float(right.sum() / seen.sum()), 4), **shares}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=1600)
    parser.add_argument("--weights", type=Path, default=FOLDER / "patternnet.safetensors", help="file to write")
    parser.add_argument("--record", type=Path, default=FOLDER / "record.json", help="file to write")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")

    start = time.monotonic()
    network = train(options.seed, options.steps)
    seconds = time.monotonic() - start
    state = {name: value.contiguous() for name, value in network.state_dict().items()}
    save_file(state, options.weights)
    record: dict[str, Any] = {
        "seed": options.seed,
        "steps": options.steps,
        "seconds": round(seconds),
        "threads": torch.get_num_threads(),
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "held_out_accuracy": accuracy(network, options.seed),
    }
    options.record.write_text(json.dumps(record, indent=2) + "\n")
    (FOLDER / "labels.txt").write_text("\n".join(LABELS) + "\n")
    log.info("held-out accuracy %.4f after %d s", record["held_out_accuracy"]["all"], seconds)


if __name__ == "__main__":
    main()
