"""Single units: a channel, a neuron, a whole layer."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from featurelens.engine.objectives.base import Plain, Readings, Sign, at, both, climbed, direction


@dataclass(frozen=True)
class Channel(Plain):
    """Mean over positions of one channel's feature map (Olah et al. 2017)."""

    layer: str
    channel: int
    sign: Sign = "positive"

    @property
    def layers(self) -> tuple[str, ...]:
        return (self.layer,)

    def score(self, readings: Readings) -> Tensor:
        return direction(self.sign) * self._mean(climbed(readings[self.layer], self.sign))

    def measure(self, readings: Readings) -> dict[str, Tensor]:
        return both(readings[self.layer], self._mean)

    def _mean(self, maps: Tensor) -> Tensor:
        return maps[:, self.channel].float().mean((1, 2))


@dataclass(frozen=True)
class Neuron(Plain):
    """One channel at one position; `x` counts columns, `y` rows, from the top left; None is the centre."""

    layer: str
    channel: int
    sign: Sign = "positive"
    x: int | None = None
    y: int | None = None

    @property
    def layers(self) -> tuple[str, ...]:
        return (self.layer,)

    def score(self, readings: Readings) -> Tensor:
        return direction(self.sign) * self._value(climbed(readings[self.layer], self.sign))

    def measure(self, readings: Readings) -> dict[str, Tensor]:
        return both(readings[self.layer], self._value)

    def _value(self, maps: Tensor) -> Tensor:
        return at(maps, self.x, self.y)[:, self.channel].float()


@dataclass(frozen=True)
class Layer(Plain):
    """Mean of the squared activations of a whole layer (DeepDream, Mordvintsev et al. 2015)."""

    layer: str

    @property
    def layers(self) -> tuple[str, ...]:
        return (self.layer,)

    def score(self, readings: Readings) -> Tensor:
        return _energy(readings[self.layer].value)

    def measure(self, readings: Readings) -> dict[str, Tensor]:
        return {"activation": self.score(readings)}


def _energy(value: Tensor) -> Tensor:
    return value.float().square().flatten(1).mean(1)


@dataclass(frozen=True)
class Probability(Plain):
    """Softmax of class `label` over the layer's logits; logit maps are averaged over positions first.

    The article prefers logits: a probability also grows by making the other classes unlikely (Simonyan et al. 2013).
    The sign goes to the log probability, whose gradient does not vanish at either end.
    """

    layer: str
    label: int
    sign: Sign = "positive"

    @property
    def layers(self) -> tuple[str, ...]:
        return (self.layer,)

    def score(self, readings: Readings) -> Tensor:
        logits = climbed(readings[self.layer], "positive").float().mean((2, 3))
        return direction(self.sign) * logits.log_softmax(1)[:, self.label]

    def measure(self, readings: Readings) -> dict[str, Tensor]:
        logits = climbed(readings[self.layer], "positive").float().mean((2, 3))
        return {"activation": logits.softmax(1)[:, self.label], "logit": logits[:, self.label]}
