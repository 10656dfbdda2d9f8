"""Every objective, every parameterization, signs, opacity: what must come out the same in any company."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from featurelens.engine.optimization import Rendering
from featurelens.jobs.spec.visualization import VisualizationSpec
from tests.support.recipes import asked
from tests.support.specs import KINDS, OBJECTIVES, PARAMETERIZATIONS

SIZE = (33, 47)
"""Of an odd number of pixels: the last of them are computed otherwise than the others."""
STEPS = 24
"""More pictures are there at once than pass through a network together; a step that differs shows in the file."""


def wanted() -> Iterator[VisualizationSpec]:
    for alpha in (False, True):
        opacity = {"alpha": True} if alpha else {}
        for kind in KINDS:
            yield asked(
                kind, parameterization={"type": "fourier", **opacity}, size=list(SIZE), steps=STEPS, seed=len(kind)
            )
        for name in PARAMETERIZATIONS:
            if not (alpha and name == "maco"):
                for seed in (1, 2):
                    yield asked(parameterization={"type": name, **opacity}, size=list(SIZE), steps=STEPS, seed=seed)
    for kind in KINDS:
        if OBJECTIVES[kind].has_negative:
            yield asked(kind, sign="negative", size=list(SIZE), steps=STEPS)
    yield asked(optimizer={"type": "gradient"}, size=list(SIZE), steps=STEPS)
    yield asked(transform={"views": 3}, size=list(SIZE), steps=STEPS)


def digest(result: Rendering) -> str:
    told = repr((result.measures, result.curve, result.warnings))
    return hashlib.sha256(result.pixels.numpy().tobytes() + told.encode()).hexdigest()
