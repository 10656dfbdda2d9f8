"""One step of gradient ascent for pictures that share a forward pass."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import torch
from torch import Tensor

from featurelens.engine import compositing
from featurelens.engine.batch_invariance import Filled
from featurelens.engine.extraction.passage import EXACT, Passages
from featurelens.engine.network import Preprocessing
from featurelens.engine.optimization import Optimization
from featurelens.engine.scoring import rows_apart, score
from featurelens.engine.spans import Span, side_by_side
from featurelens.engine.told import Told
from featurelens.engine.uploads import sent
from featurelens.engine.waking import PUSH


def advance(chunk: Sequence[Optimization], preprocessing: Preprocessing, extract: Filled) -> None:
    """Advances all by one step; one whose objective does not fit gets its `failure` and stays where it is.

    Only a gradient of exact passage proves that there is one. A step of redirected gradients climbs the
    pre-activation and is not counted: it is help for what is dormant (see `waking`). n is the pictures of a span.
    """
    spans = side_by_side(chunk)
    passages = Passages.of((span.passage, span.rows) for span in spans)
    priors = [[prior(one) for one in span.members] for span in spans]
    listened = any(any(each) for each in priors)
    # 1. decode: parameters (n, ...) -> (n, C, H, W) in [0, 1]
    pictures = [decode(span) for span in spans]
    # 2. resample: all spans, each row as it is looked at in this tick -> (rows, channels, H, W)
    seen = compositing.present(spans, pictures, preprocessing.channels)
    # 3. prepare, as the network takes it, and 4. forward -> of each layer (rows, ...)
    with extract.statistics.recording() if listened else nullcontext():
        readings = extract(preprocessing(seen), passages)
    # 5. score -> (n,), and what all climb together -> ()
    told = rows_apart(readings, [span.rows for span in spans])
    scores = [score(*each) for each in zip(spans, pictures, told, strict=True)]
    distance = extract.statistics.distance() if listened else None
    if all(one.failure for one in chunk):
        return
    reached = [_reached(*each) for each in zip(spans, scores, strict=True)]
    climb = torch.cat(scores).sum() - _owed(spans, pictures, scores)
    if distance is not None:
        climb = climb - distance @ _weights(spans, priors, scores)
    # 6. backward -> shaped as the parameters, and as the pictures where these want a mask
    wanted = [_wanted(*each) for each in zip(spans, pictures, strict=True)]
    slopes = iter(torch.autograd.grad(climb, [tensor for each in wanted for tensor in each]))
    # 7. step: parameters and moments, in place
    for span, each, said, awake in zip(spans, wanted, scores, reached, strict=True):
        move(span, [next(slopes) for _ in each], said, awake)


def decode(span: Span) -> Tensor:
    """(pictures, C, H, W) in [0, 1]; those whose step is a snapshot's are kept."""
    pictures = compositing.decode(span)
    for place, one in enumerate(span.members):
        if one.step in one.recipe.snapshots and one.step not in one.snapshots:
            own = compositing.each_picture(span, pictures.detach())[place]
            one.snapshots[one.step] = channels_last(as_bytes(own))
    return pictures


@torch.no_grad()
def move(span: Span, slopes: Sequence[Tensor], scores: Tensor, reached: Tensor | None = None) -> None:
    """One step along `slopes`: those of the parameters and, where a mask is wanted, of the pictures.

    `reached` (n,) says whether each unit has a gradient, where that is not what the gradient here says.
    """
    members = span.members
    looked = slopes[-1].abs().sum(1) if compositing.wants_mask(span) else None
    slopes = slopes[: len(span.leaves)]
    shares = Told(scores / span.recipe.pictures)
    asked = None
    if span.passage == EXACT and not all(one.proven for one in members):
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
        if span.passage.redirect:
            _push(one, [slope.chunk(len(members))[place] for slope in slopes])
            continue
        rates[place] = one.rate
        one.note(shares, place)
        if looked is not None:
            own = compositing.each_picture(span, looked)[place]
            one.mask = own if one.mask is None else one.mask + own
    span.recipe.optimizer.step(span.numbers.parameters, slopes, span.numbers.moments, rates)
    for one, rate in zip(members, rates, strict=True):
        one.step += rate is not None


def as_bytes(pictures: Tensor) -> Tensor:
    """[0, 1] -> uint8, rounded."""
    return (pictures * 255).round().clamp(0, 255).to(torch.uint8)


def channels_last(pixels: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, H, W, C) on the CPU."""
    return pixels.permute(0, 2, 3, 1).contiguous().cpu()


def prior(one: Optimization) -> float:
    """The weight of the prior at this step; none until it is known that the unit itself has a gradient."""
    return one.recipe.regularizers.prior_at(one.progress) if one.proven else 0.0


def _weights(spans: Sequence[Span], priors: Sequence[Sequence[float]], scores: Sequence[Tensor]) -> Tensor:
    """(rows,): the prior's weight on each row, as a part of its render's own score; nothing on those that failed."""
    weights = []
    for span, each, own in zip(spans, priors, scores, strict=True):
        views = span.rows // len(span.members)
        shares = sent(torch.tensor([weight / views for weight in each]), own) * own.detach().abs()
        weights.append(shares if views == 1 else shares.repeat_interleave(views))
    return torch.cat(weights)


def _wanted(span: Span, pictures: Tensor) -> tuple[Tensor, ...]:
    """What is to have a gradient."""
    return (*span.leaves, pictures) if compositing.wants_mask(span) else span.leaves


def _owed(spans: Sequence[Span], pictures: Sequence[Tensor], scores: Sequence[Tensor]) -> Tensor | float:
    """(): all penalties."""
    each = zip(spans, pictures, scores, strict=True)
    owed = [penalty(*own) for own in each if any(one.recipe.regularizers.any for one in own[0].members)]
    return torch.stack(owed).sum() if owed else 0.0


def penalty(span: Span, pictures: Tensor, scores: Tensor) -> Tensor:
    """(): what is to be subtracted from the span's scores."""
    each = zip(span.members, compositing.each_picture(span, pictures), scores.detach(), strict=True)
    owed = [
        one.recipe.regularizers.penalty(own, said / one.recipe.pictures).sum()
        for one, own, said in each
        if one.recipe.regularizers.any and one.failure is None
    ]
    return torch.stack(owed).sum() if owed else pictures.new_zeros(())


def may_sleep(one: Optimization) -> bool:
    """Asked at the first step, and again while no gradient has reached the picture."""
    return one.passage == EXACT and not one.proven


def _reached(span: Span, scores: Tensor) -> Tensor | None:
    """(n,): whether each unit has a gradient, where penalties have one of their own, and must be asked before."""
    penalized = any(one.recipe.regularizers.any and may_sleep(one) for one in span.members)
    if not penalized or not scores.requires_grad:
        return None
    return any_slope(torch.autograd.grad(scores.sum(), span.leaves, retain_graph=True), len(span.members))


def any_slope(slopes: Sequence[Tensor], count: int) -> Tensor:
    """(count,): where any of a picture's slopes is not zero."""
    return torch.stack([slope.reshape(count, -1).any(1) for slope in slopes]).any(0)


def _push(one: Optimization, slopes: Sequence[Tensor]) -> None:
    """A step of help: all that has a slope worth the name moves alike. An optimizer would do the same to what rounding
    leaves where there is none, and that is another in each company.
    """
    steepest = torch.stack([slope.abs().amax() for slope in slopes]).amax()
    for tensor, slope in zip(one.parameters, slopes, strict=True):
        tensor += PUSH * one.rate * slope / (slope.abs() + 0.1 * steepest).clamp(min=1e-30)
    one.waking.helped()
