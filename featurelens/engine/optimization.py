"""One request in the making: what was asked (`Recipe`), where it stands (`Optimization`), what came (`Rendering`)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from featurelens.engine.extraction.passage import EXACT, Passage
from featurelens.engine.objectives import Objective
from featurelens.engine.optimizers import Adam, Moments, Optimizer
from featurelens.engine.parameterizations import Fourier, Parameterization, Size
from featurelens.engine.regularizers import SHAPING, Regularizers
from featurelens.engine.transforms import Transform
from featurelens.engine.waking import TRIES, Waking

USUAL = 128
"""Steps that schedule and learning rates were chosen at."""
_LONGER = 0.25
"""The power with which the schedule grows with the steps beyond that."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a picture but the network: same recipe, same network, same picture.

    `size` is (height, width) in pixels; `pictures` how many are made together (strips, diversity); `learning_rate`
    None means what suits parameterization, optimizer and steps, and over the last `anneal` of the schedule it falls to
    a tenth; `leak` (0 to 1) is the part of the gradient that passes shut rectifiers while the picture takes shape;
    `snapshots` are steps after which the picture is kept, 0 is the start.
    """

    objective: Objective
    size: Size
    steps: int = 128
    seed: int = 0
    pictures: int = 1
    parameterization: Parameterization = field(default_factory=Fourier)
    transform: Transform = field(default_factory=Transform)
    regularizers: Regularizers = field(default_factory=Regularizers)
    optimizer: Optimizer = field(default_factory=Adam)
    learning_rate: float | None = None
    anneal: float = 0.4
    leak: float = 0.05
    snapshots: tuple[int, ...] = ()


class Optimization:
    """A recipe in progress, with parameters, moments, step counter and random generator of its own.

    The generator lives on the CPU whatever the device, so that a seed means the same everywhere.
    """

    def __init__(self, recipe: Recipe, objective: Objective, device: torch.device | str = "cpu") -> None:
        self.recipe = recipe
        self.objective = objective
        self.step = 0
        self.ticks = 0
        """Passes through the network: steps, and what was tried to wake the unit."""
        self.failure: Exception | None = None
        self._device = device
        self._begin()
        self.snapshots: dict[int, Tensor] = {}
        self.mask: Tensor | None = None
        """Summed |gradient| (pictures, H, W), where the parameterization asks for it."""
        self.dormant = False
        """No gradient has reached the picture so far."""
        self.waking = Waking()
        self._scores: list[Tensor] = []

    def _begin(self, attempt: int = 0) -> None:
        """From the start, or another, louder one."""
        recipe = self.recipe
        self.moments = Moments()
        self.generator = torch.Generator().manual_seed(recipe.seed + attempt)
        start = recipe.parameterization.start(recipe.size, recipe.pictures, self.generator)
        self.parameters = [(tensor * TRIES[attempt]).to(self._device).contiguous() for tensor in start]

    def test(self, reached: bool) -> bool:
        """Notes whether the exact gradient reaches the picture. Returns whether there is a step to make with it.

        There is none while help may still wake the unit.
        """
        self.dormant = not reached
        if reached or self.waking.over:
            return True
        if self.waking.failed():
            self._begin(0 if self.waking.over else self.waking.attempt)
        return False

    @property
    def helped(self) -> bool:
        """Whether the coming tick is to wake the unit."""
        return self.dormant and not self.waking.over and not self.waking.testing

    @property
    def finished(self) -> bool:
        return self.step >= self.recipe.steps

    @property
    def progress(self) -> float:
        """0 to 1: the part of the schedule that is done, on which prior, leak and learning rate fall.

        A long run begins before its schedule does: the picture goes on taking shape. Were the schedule as long as the
        run, it would be this network's own for longer, and others recognized it less (docs/experiments/long-runs.md).
        """
        steps = self.recipe.steps
        if steps <= USUAL:
            return self.step / max(1, steps)
        return max(0.0, 1 - (steps - self.step) / (USUAL * math.pow(steps / USUAL, _LONGER)))

    @property
    def rate(self) -> float:
        """The learning rate of the coming step: large steps find the picture, small ones finish it.

        What suits falls with the root of the number of steps: so a walk of more leads no further, to no harsher tones.
        """
        recipe = self.recipe
        suits = recipe.parameterization.learning_rate * recipe.optimizer.share
        if recipe.steps > USUAL:
            suits *= math.sqrt(USUAL / recipe.steps)
        full = suits if recipe.learning_rate is None else recipe.learning_rate
        late = max(0.0, self.progress - (1 - recipe.anneal))
        return full * (1 - 0.9 * late / recipe.anneal) if late and recipe.anneal else full

    @property
    def proven(self) -> bool:
        """Whether an exact gradient has reached the picture; one that leaks or is redirected proves nothing."""
        return self.step > 0 and not self.dormant

    @property
    def passage(self) -> Passage:
        """How its gradient passes rectifiers at the coming step.

        It leaks from when the unit is proven until the picture has its shape.
        """
        if self.helped:
            return Passage(redirect=True)
        return Passage(self.recipe.leak) if self.proven and self.progress < SHAPING else EXACT

    @property
    def rows(self) -> int:
        """Pictures that go through the network at every step."""
        return self.recipe.pictures * self.recipe.transform.views

    def note(self, score: Tensor) -> None:
        """Remembers this step's score without waiting for the device."""
        self._scores.append(score.detach())

    @property
    def score(self) -> float | None:
        """The objective on the transformed pictures of the last step; None before the first. Waits for the device."""
        return float(self._scores[-1]) if self._scores else None

    def curve(self) -> list[float]:
        """The objective at every step so far, mean over pictures."""
        if not self._scores:
            return []
        values: list[float] = torch.stack(self._scores).float().cpu().tolist()
        return values


@dataclass(frozen=True)
class Rendering:
    """`pixels` uint8 (pictures, H, W, C); `measures` are read off exactly these pixels, untransformed, in float32.

    C is as many as the network takes (`display.displayed` makes of them what people look at), with transparency one
    more, the last (then the network saw the colours over grey). `snapshots` are (step, pixels) in order. `dormant`
    tells that no gradient ever reached the picture, redirected ones apart, and that the unit is silent on it.
    `warnings` tell how the network had to be run, and whatever else is not as it should be.
    """

    pixels: Tensor
    measures: dict[str, list[float]]
    curve: list[float]
    snapshots: list[tuple[int, Tensor]]
    dormant: bool
    warnings: tuple[str, ...] = ()
