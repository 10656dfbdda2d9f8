"""Comparisons: the paths of finished pictures and of images of a data set through the layers of a network."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, get_args

import torch
from torch import Tensor

from featurelens.engine.network import Network
from featurelens.engine.path_similarity import By, Likeness, Path, Spread, likeness, path
from featurelens.jobs.errors import RenderFailed
from featurelens.jobs.settings import settings
from featurelens.jobs.spec.comparison import ComparisonSpec
from featurelens.jobs.store.photos import PhotoReader
from featurelens.worker.datasets.base import Images
from featurelens.worker.datasets.decoder import Decoder, Pending
from featurelens.worker.datasets.decoding import Broken, pixels
from featurelens.worker.datasets.shelf import Shelf
from featurelens.worker.datasets.warm_decoder import WarmDecoder
from featurelens.worker.protocol import Ask, Finished
from featurelens.worker.renderer.course_work import PATIENCE, CourseWork, Steps, beside
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.photograph import decoded
from featurelens.worker.renderer.single_work import SingleWorks

Opened = Callable[[], tuple[Images, Decoder]]
Beside = Callable[[Callable[[], Any]], Future[Any]]


class ComparisonWork(CourseWork):
    """One picture, pictures of other seeds, and images: a pass over one of them each tick, on the CPU in float32."""

    def __init__(
        self, ask: Ask, network: Network, pngs: Sequence[bytes], opened: Opened, submit: Beside, begun: float
    ) -> None:
        """`opened`: the data set and what decodes it; called in a thread, by `submit`."""
        super().__init__(ask, network, self._course(), begun)
        assert isinstance(ask.spec, ComparisonSpec)
        self._spec = ask.spec
        self._pngs, self._opened, self._submit = pngs, opened, submit
        self._done = 0
        self._numbers: dict[str, int] = {}
        self._found: dict[str, Any] | None = None

    @property
    def step(self) -> int:
        return self._done

    def finish(self) -> tuple[Finished, bytes]:
        assert self._found is not None
        return Finished(numbers={**self._found, **self.where()}), b""

    def _course(self) -> Steps:
        spec, pictures = self._spec, []
        for png in self._pngs:
            pictures.append(self._path(decoded(png, spec.size, self.network)))
            yield
        images, decoder = yield from beside(self._submit, self._opened)
        paths: dict[int, Path] = {}
        broken: dict[int, str] = {}
        yield from self._look(images, decoder, paths, broken)
        for image in spec.examples:
            if image in broken:
                raise RenderFailed(f"image {image}, one of the best, can no longer be read: {broken[image]}")
        examples, others = ([paths[one] for one in part if one in paths] for part in (spec.examples, spec.random))
        told = []
        for name in spec.layers:
            whole, means = (_told(likeness(name, pictures, examples, others, by)) for by in get_args(By))
            told.append({"layer": name, "numbers": self._numbers[name], **whole, "means": means})
        self._found = {"layers": told, "broken": list(broken)}

    def _look(self, images: Images, decoder: Decoder, paths: dict[int, Path], broken: dict[int, str]) -> Steps:
        """Fills in the path of each image, or why it cannot be read; some are decoded ahead."""
        assert self.network.takes is not None
        size, channels = self._spec.size, len(self.network.takes)
        waiting = deque(dict.fromkeys([*self._spec.examples, *self._spec.random]))
        ahead: deque[tuple[int, Pending[Any]]] = deque()
        try:
            while waiting or ahead:
                while waiting and len(ahead) < 2 * decoder.processes:
                    image = waiting.popleft()
                    ahead.append((image, decoder.ask(pixels, images.reference(image), size, channels)))
                image, pending = ahead[0]
                made = decoder.answer(pending, PATIENCE)
                if isinstance(made, Broken):
                    broken[image] = made.reason
                    self._done += 1
                elif made is not None:
                    paths[image] = self._path(self._placed(torch.from_numpy(made)))
                if made is not None:
                    ahead.popleft()
                yield
        finally:
            for _, pending in ahead:
                decoder.forget(pending)

    def _path(self, picture: Tensor) -> Path:
        found, self._numbers = path(self.network, picture, self._spec.layers)
        self._done += 1
        return found

    def _placed(self, shown: Tensor) -> Tensor:
        """(C, H, W): the channels of a decoded image where the network takes them."""
        picture = self.network.preprocessing.neutral[:, None, None].repeat(1, *self._spec.size)
        picture[list(self.network.takes or ())] = shown
        return picture


class Comparisons(SingleWorks[ComparisonWork]):
    """All of one renderer. The processes that decode are there as long as there is one."""

    def __init__(self, photos: PhotoReader, shelf: Shelf) -> None:
        super().__init__()
        self._photos, self._shelf = photos, shelf
        self._threads = ThreadPoolExecutor(1, "comparison")
        self._decoder = WarmDecoder()

    def begin(self, ask: Ask, network: Network, begun: float) -> ComparisonWork:
        """Reads the pictures; everything else happens in ticks. Raises `UnknownPhoto`."""
        spec = ask.spec
        assert isinstance(spec, ComparisonSpec)

        def opened() -> tuple[Images, Decoder]:
            return self._shelf.open(spec.dataset, spec.identity), self._decoder.get()

        pngs = [self._photos.get(photo) for photo in spec.photos]
        return self.add(ComparisonWork(ask, network, pngs, opened, self._threads.submit, begun))

    def groups(self) -> Iterable[ComparisonWork]:
        working = super().groups()
        if not self._works:
            self._decoder.let_go()
        return working


def workshop(_device: Device, photos: PhotoReader) -> Comparisons:
    """Pictures are read from `photos`, data sets are where the settings say."""
    return Comparisons(photos, Shelf.of(settings()))


def _told(found: Likeness) -> dict[str, Any]:
    return {
        "each": list(found.each),
        "picture": _as_json(found.picture),
        "examples": _as_json(found.examples),
        "random": _as_json(found.others),
        "normalized": found.normalized,
        "seeds": _as_json(found.seeds),
    }


def _as_json(spread: Spread | None) -> dict[str, Any] | None:
    return None if spread is None else spread._asdict()
