"""Panels of lines over a logarithmic axis, as SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 300, 220
"""Of a panel's plane, in pixels."""

_LEFT, _TOP, _BETWEEN, _BELOW = 46, 40, 62, 74
_COLORS = ("#0b6e4f", "#c8553d", "#5b6c9e", "#8a8a8a")
_MARKS = ("circle", "square", "triangle", "cross")


class Panel(NamedTuple):
    """`lines` are by name; each holds points (x, y), both above 0 where the axis is logarithmic."""

    title: str
    lines: Mapping[str, Sequence[tuple[float, float]]]
    highest: float
    ticks: Sequence[float]
    lowest: float = 0.0
    logarithmic: bool = False


def svg(panels: Sequence[Panel], xs: Sequence[float], under: str) -> str:
    """The panels side by side; `xs` are the marks of the axis below, `under` says what it is. Lines agree in colour."""
    width = _LEFT + len(panels) * WIDTH + (len(panels) - 1) * _BETWEEN + 16
    height = _TOP + HEIGHT + _BELOW
    names = list(panels[0].lines)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        ' font-family="system-ui, sans-serif" font-size="12" fill="#222">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for place, panel in enumerate(panels):
        left = _LEFT + place * (WIDTH + _BETWEEN)
        parts.append(f'<g transform="translate({left} {_TOP})">{_panel(panel, xs, under, names)}</g>')
    for place, name in enumerate(names):
        left, y = _LEFT + place * 200, height - 14
        parts.append(_mark(place, left, y) + f'<text x="{left + 12}" y="{y + 4}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>\n"])


def _panel(panel: Panel, xs: Sequence[float], under: str, names: Sequence[str]) -> str:
    def across(x: float) -> float:
        return WIDTH * (math.log(x) - math.log(xs[0])) / (math.log(xs[-1]) - math.log(xs[0]))

    def up(y: float) -> float:
        if panel.logarithmic:
            low, high = math.log(panel.lowest), math.log(panel.highest)
            return HEIGHT * (1 - (math.log(max(y, panel.lowest)) - low) / (high - low))
        return HEIGHT * (1 - y / panel.highest)

    parts = [f'<text y="-16" font-weight="600">{escape(panel.title)}</text>']
    for y in panel.ticks:
        parts.append(f'<path d="M0 {up(y):.1f}H{WIDTH}" stroke="#ddd"/>')
        parts.append(f'<text x="-8" y="{up(y) + 4:.1f}" text-anchor="end">{y:g}</text>')
    parts += [f'<text x="{across(x):.1f}" y="{HEIGHT + 18}" text-anchor="middle">{x:g}</text>' for x in xs]
    parts.append(f'<text x="{WIDTH / 2}" y="{HEIGHT + 36}" text-anchor="middle">{escape(under)}</text>')
    for place, name in reversed(list(enumerate(names))):
        points = [(across(x), up(y)) for x, y in panel.lines[name]]
        drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{drawn}" fill="none" stroke="{_COLORS[place]}" stroke-width="2"/>')
        parts += [_mark(place, x, y) for x, y in points]
    return "".join(parts)


def _mark(place: int, x: float, y: float) -> str:
    shapes = {
        "circle": "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0",
        "square": "M-3.5 -3.5h7v7h-7z",
        "triangle": "M0 -4.5L4.5 3.5H-4.5z",
        "cross": "M-4 -1h3v-3h2v3h3v2h-3v3h-2v-3h-3z",
    }
    path = shapes[_MARKS[place]]
    return f'<path transform="translate({x:.1f} {y:.1f})" d="{path}" fill="{_COLORS[place]}"/>'
