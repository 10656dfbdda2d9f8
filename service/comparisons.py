"""From the picture that a client names to the specification of a comparison: its unit's best examples, other seeds."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from functools import partial
from typing import Any, Literal, NamedTuple

from anyio import to_thread
from starlette.concurrency import run_in_threadpool

from featurelens.jobs import addresses
from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.jobs.catalog.layer_names import chosen_layers
from featurelens.jobs.errors import InvalidSpec, UnknownPhoto
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.spec.comparison import MAX_OTHERS, ComparisonSpec
from featurelens.jobs.spec.parameterizations import MaCoParameters
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.result import Result
from featurelens.service.dependencies import Dependencies
from featurelens.service.evidence import Unit, unit_of
from featurelens.service.found_scans import Found, scan_of
from featurelens.service.pagination import MAX_JOBS
from featurelens.service.resolving import described
from featurelens.service.schemas.comparison_request import ComparisonRequest

_PICTURE = "/visualization"


class Subject(NamedTuple):
    """A finished picture of a single unit, of a network as it is now."""

    result: Result
    spec: VisualizationSpec
    unit: Unit
    entry: ModelEntry


async def specified(deps: Dependencies, request: ComparisonRequest) -> ComparisonSpec:
    """The whole specification; the pixels of all pictures are kept as photographs, which renderers can read.

    Raises `InvalidSpec`, each with what is missing or valid.
    """
    plan = await described(partial(_planned, deps, request))
    photos = [await _kept(deps, key) for key in (request.visualization, *plan["others"])]
    return ComparisonSpec(**plan, photos=photos)


def _planned(deps: Dependencies, request: ComparisonRequest) -> dict[str, Any]:
    """All fields but the photographs. Blocks."""
    subject = _subject(deps, request.visualization)
    spec, unit, entry = subject.spec, subject.unit, subject.entry
    scan = _scanned(deps, subject, request.dataset)
    by = _list(unit)
    line = deps.scans.line(scan.result, unit.layer, unit.channel) or {}
    examples = [one["image"] for one in line.get(by, ())][: request.examples]
    if not examples:
        raise InvalidSpec.at("/dataset", f"the scan {scan.result.key} names no examples of this unit")
    layers = deps.catalog.layers(entry)
    order = [layer.name for layer in layers]
    before = [layer.name for layer in layers[: order.index(unit.layer)] if layer.recommended]
    chosen = chosen_layers(entry, layers, request.layers or [*before, unit.layer])
    return {
        "model": entry.name,
        "visualization": request.visualization,
        "layer": unit.layer,
        "channel": unit.channel,
        "sign": unit.sign,
        "others": _given(deps, subject, request.others) if request.others is not None else _siblings(deps, subject),
        "layers": sorted(chosen, key=order.index),
        "dataset": scan.spec.dataset,
        "identity": scan.spec.identity,
        "scan": scan.result.key,
        "by": by,
        "examples": examples,
        "random": _drawn(scan.spec.images or 0, set(examples), request.random),
        "size": spec.size,
    }


def _subject(deps: Dependencies, key: str) -> Subject:
    result = deps.store.get(key)
    if result is None:
        raise UnknownPhoto.at(_PICTURE, f"there is no finished picture {key}")
    spec = result.spec
    assert isinstance(spec, VisualizationSpec)
    unit = unit_of(spec)
    if unit is None:
        detail = "only a picture of one channel, one class (its logit) or one neuron's highest value is compared"
        raise InvalidSpec.at(_PICTURE, detail)
    if "display" in result.numbers or isinstance(spec.parameterization, MaCoParameters) or _transparent(spec):
        detail = "what the network was shown is more than this picture's colors: its other channels, or what is clear"
        raise InvalidSpec.at(_PICTURE, detail)
    entry = deps.catalog.model(spec.model)
    if VISUALIZATION.key(spec, entry.digest, entry.renderer) != key:
        raise InvalidSpec.at(_PICTURE, f"{entry.name} has changed since this picture was made; ask for it again")
    return Subject(result, spec, unit, entry)


def _transparent(spec: VisualizationSpec) -> bool:
    return bool(getattr(spec.parameterization, "alpha", False))


def _scanned(deps: Dependencies, subject: Subject, dataset: str | None) -> Found:
    """The latest scan of the unit, of the data set as it is now, at the picture's own size."""
    if dataset is not None:
        deps.catalog.datasets.named(dataset)
    spec, unit = subject.spec, subject.unit
    found = scan_of(deps, subject.entry, unit.layer, dataset, size=spec.size)
    if found is None or not found.current:
        missing = ScanSpec(
            model=subject.entry.name,
            dataset=dataset or ("patterns" if found is None else found.spec.dataset),
            layers=[unit.layer],
            size=spec.size,
        )
        asked = json.dumps(missing.model_dump(mode="json", exclude_unset=True))
        detail = f"no finished scan tells of this unit as the data set is now; POST {asked} to {addresses.SCANS}"
        raise InvalidSpec.at("/dataset", detail)
    return found


def _list(unit: Unit) -> Literal["strongest_mean", "strongest", "weakest"]:
    """That of the images that do most of what the picture does.

    Of a negative picture, which lowers the mean, those whose largest value is lowest: no list goes by the lowest mean.
    """
    if unit.sign == "negative":
        return "weakest"
    return "strongest_mean" if unit.compared == "mean" else "strongest"


def _drawn(images: int, without: set[int], count: int) -> list[int]:
    """The same ones for every unit, but for its examples."""
    drawn = random.Random(0).sample(range(images), min(images, count + len(without)))
    return [image for image in drawn if image not in without][:count]


def _given(deps: Dependencies, subject: Subject, keys: Sequence[str]) -> list[str]:
    found = deps.store.get_all(keys)
    for place, key in enumerate(keys):
        one = found.get(key)
        if not isinstance(one, Result) or not _is_sibling(one, subject):
            detail = f"{key} is no finished picture of the same specification with another seed"
            raise InvalidSpec.at(f"/others/{place}", detail)
    return list(dict.fromkeys(keys))


def _siblings(deps: Dependencies, subject: Subject) -> list[str]:
    """Those that are found, in the order of their seeds."""
    deps.whole_index.check()
    entry, unit = subject.entry, subject.unit
    lines, _ = deps.index.page(
        VISUALIZATION,
        MAX_JOBS,
        model=entry.name,
        layer=unit.layer,
        channel=unit.channel,
        sign=unit.sign,
        status="succeeded",
    )
    found = deps.store.get_all([line.key for line in lines])
    same = [one for one in found.values() if isinstance(one, Result) and _is_sibling(one, subject)]
    return [one.key for one in sorted(same, key=_seed)][:MAX_OTHERS]


def _is_sibling(one: Result, subject: Subject) -> bool:
    """Whether it differs from the picture by its seed, and by nothing else."""
    if not isinstance(one.spec, VisualizationSpec) or one.key == subject.result.key:
        return False
    same = one.spec.model_copy(update={"seed": subject.spec.seed}).model_dump() == subject.spec.model_dump()
    entry = subject.entry
    return same and VISUALIZATION.key(one.spec, entry.digest, entry.renderer) == one.key


def _seed(one: Result) -> int:
    assert isinstance(one.spec, VisualizationSpec)
    return one.spec.seed


async def _kept(deps: Dependencies, key: str) -> str:
    """Names the photograph that has the pixels of a picture."""
    found = await run_in_threadpool(deps.store.image, key)
    if found is None:
        raise UnknownPhoto.at(_PICTURE, f"there is no finished picture {key}")
    return await to_thread.run_sync(deps.photos.add, found[0], limiter=deps.decoding.turns)
