"""One step of gradient ascent for pictures that share a forward pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext

import torch
from torch import Tensor

from featurelens.engine import compositing
from featurelens.engine.batch_invariance import Filled
from featurelens.engine.blocks import Block, side_by_side
from featurelens.engine.extraction.hooks import Reading
from featurelens.engine.extraction.passage import EXACT, Passage, Passages
from featurelens.engine.memory import out_of_memory
from featurelens.engine.network import Preprocessing
from featurelens.engine.objectives import rowwise
from featurelens.engine.optimization import Optimization
from featurelens.engine.told import Told
from featurelens.engine.waking import PUSH


def advance(chunk: Sequence[Optimization], preprocessing: Preprocessing, extract: Filled) -> None:
    """Advances all by one step; one whose objective does not fit gets its `failure` and stays where it is.

    Only a gradient of exact passage proves that there is one. A step of redirected gradients climbs the
    pre-activation and is not counted: it is help for what is dormant (see `waking`). Of n pictures in a block:
    """
    blocks = side_by_side(chunk)
    passages = Passages.of((block.passage, block.rows) for block in blocks)
    priors = [[prior(one) for one in block.members] for block in blocks]
    listened = any(any(each) for each in priors)
    # 1. decode: parameters (n, ...) -> (n, C, H, W) in [0, 1]
    pictures = [decode(block) for block in blocks]
    # 2. resample: all blocks, each row as it is looked at in this tick -> (rows, channels, H, W)
    seen = compositing.present(blocks, pictures, preprocessing.channels)
    # 3. prepare, as the network takes it, and 4. forward -> of each layer (rows, ...)
    with extract.statistics.recording() if listened else nullcontext():
        readings = extract(preprocessing(seen), passages)
    # 5. score -> (n,), and what is climbed by all together -> ()
    told = _rows(readings, [block.rows for block in blocks])
    scores = [score(*each) for each in zip(blocks, pictures, told, strict=True)]
    distance = extract.statistics.distance() if listened else None
    if all(one.failure for one in chunk):
        return
    reached = [_reached(*each) for each in zip(blocks, scores, strict=True)]
    climb = torch.cat(scores).sum()
    for block, own, said in zip(blocks, pictures, scores, strict=True):
        if any(one.recipe.regularizers.any for one in block.members):
            climb = climb - penalty(block, own, said)
    if distance is not None:
        climb = climb - distance @ _weights(blocks, priors, scores)
    # 6. backward -> shaped as the parameters, and as the pictures where these want a mask
    wanted = [
        (*block.leaves, own) if compositing.wants_mask(block) else block.leaves
        for block, own in zip(blocks, pictures, strict=True)
    ]
    slopes = iter(torch.autograd.grad(climb, [tensor for each in wanted for tensor in each]))
    # 7. step: parameters and moments, in place
    for block, each, said, awake in zip(blocks, wanted, scores, reached, strict=True):
        move(block, [next(slopes) for _ in each], said, awake)


def decode(block: Block) -> Tensor:
    """(pictures, C, H, W) in [0, 1]; those whose step is a snapshot's are kept."""
    pictures = compositing.decode(block)
    for place, one in enumerate(block.members):
        if one.step in one.recipe.snapshots and one.step not in one.snapshots:
            own = compositing.each_picture(block, pictures.detach())[place]
            one.snapshots[one.step] = channels_last(as_bytes(own))
    return pictures


@torch.no_grad()
def move(block: Block, slopes: Sequence[Tensor], scores: Tensor, reached: Tensor | None = None) -> None:
    """One step along `slopes`: those of the parameters and, where a mask is wanted, of the pictures.

    `reached` (n,) says whether each unit has a gradient, where that is not what the gradient here says.
    """
    members = block.members
    looked = slopes[-1].abs().sum(1) if compositing.wants_mask(block) else None
    slopes = slopes[: len(block.leaves)]
    shares = Told(scores / block.recipe.pictures)
    asked = None
    if block.passage == EXACT and not all(one.proven for one in members):
        asked = Told(any_slope(slopes, len(members)) if reached is None else reached)
    rates: list[float | None] = [None] * len(members)
    for place, one in enumerate(members):
        if one.failure is not None:
            continue
        one.ticks += 1
        if asked is not None and not one.proven:
            if not one.dormant:
                one.doubt(asked, place)
            elif not one.test(bool(asked[place])):
                continue
        if block.passage.redirect:
            _push(one, [slope.chunk(len(members))[place] for slope in slopes])
            continue
        rates[place] = one.rate
        one.note(shares, place)
        if looked is not None:
            own = compositing.each_picture(block, looked)[place]
            one.mask = own if one.mask is None else one.mask + own
    block.recipe.optimizer.step(block.numbers.parameters, slopes, block.numbers.moments, rates)
    for one, rate in zip(members, rates, strict=True):
        one.step += rate is not None


def as_bytes(pictures: Tensor) -> Tensor:
    """[0, 1] -> uint8, rounded."""
    return (pictures * 255).round().clamp(0, 255).to(torch.uint8)


def channels_last(pixels: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, H, W, C) on the CPU."""
    return pixels.permute(0, 2, 3, 1).contiguous().cpu()


def climbed(passage: Passage, readings: Mapping[str, Reading]) -> dict[str, Reading]:
    """What objectives are told: where gradients are redirected, what stood before rectification."""
    if not passage.redirect:
        return dict(readings)
    return {name: Reading(value if before is None else before) for name, (value, before) in readings.items()}


def prior(one: Optimization) -> float:
    """The weight of the prior at this step; none until it is known that the unit itself has a gradient."""
    return one.recipe.regularizers.prior_at(one.progress) if one.proven else 0.0


def _weights(blocks: Sequence[Block], priors: Sequence[Sequence[float]], scores: Sequence[Tensor]) -> Tensor:
    """(rows,): the prior's weight on each row, as a part of its render's own score; nothing on those that failed."""
    weights = []
    for block, each, own in zip(blocks, priors, scores, strict=True):
        views = block.rows // len(block.members)
        shares = torch.tensor([weight / views for weight in each], device=own.device) * own.detach().abs()
        weights.append(shares if views == 1 else shares.repeat_interleave(views))
    return torch.cat(weights)


def penalty(block: Block, pictures: Tensor, scores: Tensor) -> Tensor:
    """(): what is to be subtracted from the block's scores."""
    each = zip(block.members, compositing.each_picture(block, pictures), scores.detach(), strict=True)
    owed = [
        one.recipe.regularizers.penalty(own, said / one.recipe.pictures).sum()
        for one, own, said in each
        if one.recipe.regularizers.any and one.failure is None
    ]
    return torch.stack(owed).sum() if owed else pictures.new_zeros(())


def may_sleep(one: Optimization) -> bool:
    """Asked at the first step, and again while no gradient has reached the picture."""
    return one.passage == EXACT and not one.proven


def _reached(block: Block, scores: Tensor) -> Tensor | None:
    """(n,): whether each unit has a gradient, where penalties have one of their own, and must be asked before."""
    penalized = any(one.recipe.regularizers.any and may_sleep(one) for one in block.members)
    if not penalized or not scores.requires_grad:
        return None
    return any_slope(torch.autograd.grad(scores.sum(), block.leaves, retain_graph=True), len(block.members))


def any_slope(slopes: Sequence[Tensor], count: int) -> Tensor:
    """(count,): where any of a picture's slopes is not zero."""
    return torch.stack([slope.reshape(count, -1).any(1) for slope in slopes]).any(0)


def _rows(readings: Mapping[str, Reading], counts: Sequence[int]) -> list[dict[str, Reading]]:
    """What was said to so many rows, and to the next, and to the next."""
    if len(counts) == 1:
        return [dict(readings)]
    parts: list[dict[str, Reading]] = [{} for _ in counts]
    for layer, (value, before) in readings.items():
        values = torch.split(value, list(counts))
        befores = [None] * len(values) if before is None else torch.split(before, list(counts))
        for part, own, own_before in zip(parts, values, befores, strict=True):
            part[layer] = Reading(own, own_before)
    return parts


def score(block: Block, pictures: Tensor, readings: Mapping[str, Reading]) -> Tensor:
    """(n,): what each climbs, summed over its pictures; 0 for one whose objective does not fit, which fails alone."""
    told = climbed(block.passage, readings)
    at_once = _at_once(block, told)
    if at_once is not None:
        return at_once
    scores = []
    parts = _rows(told, [one.rows for one in block.members])
    for one, own, part in zip(block.members, compositing.each_picture(block, pictures), parts, strict=True):
        answers = answered(one, compositing.each_view(part, one.recipe.pictures))
        scores.append(summed(one, answers, own) if answers else pictures.new_zeros(()))
    return torch.stack(scores)


def _at_once(block: Block, told: Mapping[str, Reading]) -> Tensor | None:
    """(n,), where the scores of all can be read in one go."""
    if not block.members[0].stacks or block.recipe.parameterization.transparent:
        return None
    scores = rowwise.score([one.objective for one in block.members], told, block.numbers.units)
    return scores if scores is not None and scores.requires_grad else None


def answered(one: Optimization, views: Iterable[dict[str, Reading]]) -> list[Tensor]:
    """What is climbed of each view; nothing where the objective does not fit, which then is the failure of `one`."""
    try:
        answers = [one.objective.score(view) for view in views]
    except (ValueError, IndexError, RuntimeError) as error:
        if out_of_memory(error):
            raise
        one.failure = error
        return []
    if not any(answer.requires_grad for answer in answers):
        one.failure = no_way_back(one)
        return []
    return answers


def summed(one: Optimization, answers: Sequence[Tensor], own: Tensor) -> Tensor:
    """What is climbed, from that of each view: its mean, summed over the pictures `own`."""
    climb = answers[0] if len(answers) == 1 else torch.stack(list(answers)).mean(0)
    if one.recipe.parameterization.transparent:
        # Where it is worth as much opaque as transparent, transparent wins (lucid: score * (1 - mean alpha)).
        climb = climb - climb.detach().abs() * own[:, -1].mean((1, 2))
    return climb.sum()


def no_way_back(one: Optimization) -> ValueError:
    """The failure of an optimization whose layers answer without regard to the picture."""
    return ValueError(f"no gradient leads from {', '.join(one.objective.layers)} to the picture")


def _push(one: Optimization, slopes: Sequence[Tensor]) -> None:
    """A step of help: all that has a slope worth the name moves alike. An optimizer would do the same to what rounding
    leaves where there is none, and that is another in each company.
    """
    steepest = torch.stack([slope.abs().amax() for slope in slopes]).amax()
    for tensor, slope in zip(one.parameters, slopes, strict=True):
        tensor += PUSH * one.rate * slope / (slope.abs() + 0.1 * steepest).clamp(min=1e-30)
    one.waking.helped()
