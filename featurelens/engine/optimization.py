"""One request in the making: what was asked (`Recipe`), where it stands (`Optimization`), what came (`Rendering`)."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from featurelens.engine.extraction.passage import EXACT, Passage
from featurelens.engine.objectives import Objective, rowwise
from featurelens.engine.optimizers import Adam, Optimizer
from featurelens.engine.parameterizations import Fourier, Parameterization, Size
from featurelens.engine.regularizers import SHAPING, Regularizers
from featurelens.engine.row_group import Numbers, RowGroup
from featurelens.engine.told import Told
from featurelens.engine.transforms import Transform, draw_numbers
from featurelens.engine.waking import TRIES, Waking

USUAL = 128
"""Steps that schedule and learning rates were chosen at."""
_LONGER = 0.25
"""The power with which the schedule grows with the steps beyond that."""
Mark = tuple[int, Tensor | None]
"""A point in the draws of a picture."""
_AHEAD = 64
"""Looks that are drawn at once."""


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

    What is numbers stands in a row of a group (`row_group`), at first of one of its own. The generator lives on the CPU
    whatever the device, so that a seed means the same everywhere.
    """

    def __init__(self, recipe: Recipe, objective: Objective, device: torch.device | str = "cpu") -> None:
        self.recipe = recipe
        self.objective = objective
        self.step = 0
        self.ticks = 0
        """Passes through the network: steps, and what was tried to wake the unit."""
        self.failure: Exception | None = None
        self.kind: Hashable = (
            *(recipe.parameterization, recipe.optimizer, recipe.transform),
            rowwise.kind(objective),
        )
        """What pictures have in common whose numbers can be rows of the same tensors."""
        self._device = device
        self.group, self.row = RowGroup(self._start()), 0
        self.group.members.append(self)
        self.snapshots: dict[int, Tensor] = {}
        self.mask: Tensor | None = None
        """Summed |gradient| (pictures, H, W), where the parameterization asks for it."""
        self.dormant = False
        """No gradient has reached the picture so far."""
        self.waking = Waking()
        self._scores: list[tuple[Told, int]] = []
        self._doubt: tuple[Told, int, Tensor] | None = None

    def _start(self, attempt: int = 0) -> Numbers:
        """From the start, or another, louder one."""
        recipe = self.recipe
        self.generator = torch.Generator().manual_seed(recipe.seed + attempt)
        start = recipe.parameterization.start(recipe.size, recipe.pictures, self.generator)
        parameters = [(tensor * TRIES[attempt]).to(self._device).contiguous() for tensor in start]
        units = torch.tensor([rowwise.unit(self.objective)], device=self._device)
        self.look = 0
        return Numbers(parameters, recipe.optimizer.begin(parameters), units, self._looks())

    @property
    def parameters(self) -> list[Tensor]:
        return self.group.part(self.row, 1).parameters

    @property
    def stacks(self) -> bool:
        """Whether it is a row among others of its kind; else it is a group of its own."""
        return self.rows == 1

    @property
    def foresees(self) -> bool:
        """Whether its looks are all that is drawn, so that those of many ticks can be drawn at once."""
        recipe = self.recipe
        return self.stacks and not recipe.parameterization.transparent and not recipe.transform.noise

    def _looks(self) -> Tensor:
        """(1, ahead, 2, 3): how it is looked at in the coming ticks; nothing where it is drawn at each of them."""
        recipe = self.recipe
        if not self.foresees:
            return torch.empty(1, 0, 2, 3)
        return recipe.transform.affine(recipe.size, draw_numbers(1, self.generator, _AHEAD))[None]

    def mark(self) -> Mark:
        """Where its draws are; to go on from there again, see `rewind`."""
        return self.look, None if self.foresees else self.generator.get_state()

    def rewind(self, mark: Mark) -> None:
        """The same draws as those that followed `mark`."""
        self.look, state = mark
        if state is not None:
            self.generator.set_state(state)

    def prepare(self) -> None:
        """Between two ticks: takes back what was done without a gradient, and draws ahead."""
        if self._doubt is not None:
            (reached, row, state), self._doubt = self._doubt, None
            if not reached[row]:
                self._take_back(state)
        if self.foresees and self.look == _AHEAD:
            self.look = 0
            self.group.part(self.row, 1).looks.copy_(self._looks())

    def doubt(self, reached: Told, row: int) -> None:
        """The first step goes on as if the exact gradient reached the picture; whether it did is read when the device
        has said so, before the next tick.
        """
        self._doubt = reached, row, self.generator.get_state()

    def _take_back(self, state: Tensor) -> None:
        """As if its first step had not been made: nothing is left of it but that its look was drawn."""
        self.group.overwrite(self, self._start())
        self.generator.set_state(state)
        self.look = 1
        self.step = 0
        self.mask = None
        self._scores.clear()
        self.test(False)

    def test(self, reached: bool) -> bool:
        """Notes whether the exact gradient reaches the picture. Returns whether there is a step to make with it.

        There is none while help may still wake the unit.
        """
        self.dormant = not reached
        if reached or self.waking.over:
            return True
        if self.waking.failed():
            self.group.overwrite(self, self._start(0 if self.waking.over else self.waking.attempt))
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

    def note(self, scores: Told, row: int) -> None:
        """Remembers this step's score, mean over its pictures, without waiting for the device."""
        self._scores.append((scores, row))

    @property
    def score(self) -> float | None:
        """The objective on the transformed pictures of the last step that the device is through with; None before the
        first.
        """
        return next((scores[row] for scores, row in reversed(self._scores) if scores.ready), None)

    def curve(self) -> list[float]:
        """The objective at every step so far, mean over pictures. Waits for the device."""
        return [scores[row] for scores, row in self._scores]


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
