"""Two drawings as SVG by hand: dots with intervals, and lines."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

COLOURS = ("#0b6e99", "#b3541e", "#4f772d", "#6d4c8d", "#7a7a7a")
_WIDTH = 760


def intervals(title: str, unit: str, rows: Mapping[str, Mapping[str, tuple[float, float, float]]]) -> str:
    """For each row and series a mean and its interval, on a logarithmic axis."""
    series = sorted({name for row in rows.values() for name in row}, key=lambda name: list(_first(rows)).index(name))
    means = [mean for row in rows.values() for mean, *_ in row.values() if mean > 0]
    low, high = math.floor(math.log10(min(means))), 0
    left, right, top, step = 190, 20, 40, 15 + 12 * len(series)
    height = top + step * len(rows) + 60

    def x(value: float) -> float:
        power = math.log10(max(value, 10.0**low))
        return left + (min(power, high) - low) / (high - low) * (_WIDTH - left - right)

    parts = _head(title, height)
    for power in range(low, high + 1):
        parts.append(_line(x(10.0**power), top, x(10.0**power), height - 50, "#ddd"))
        parts.append(_text(x(10.0**power), height - 34, f"{10.0**power:g}", "middle"))
    parts.append(_text((left + _WIDTH - right) / 2, height - 14, unit, "middle"))
    for number, (name, row) in enumerate(rows.items()):
        begin = top + number * step
        parts.append(_text(left - 10, begin + step / 2 + 4, name, "end"))
        for place, one in enumerate(series):
            if one not in row:
                continue
            mean, least, most = row[one]
            at, colour = begin + 12 + 12 * place, COLOURS[place]
            if not math.isnan(least):
                parts.append(_line(x(least), at, x(most), at, colour, 2))
            parts.append(f'<circle cx="{x(mean):.1f}" cy="{at}" r="4" fill="{colour}"/>')
    return _finished(parts, series, left, 22)


def lines(
    title: str, across: str, up: str, series: Mapping[str, Sequence[tuple[float, float]]], level: tuple[str, float]
) -> str:
    """Series of points on a logarithmic axis across, and a level to compare them with."""
    left, right, top, bottom, height = 60, 20, 40, 60, 380
    xs = [point for line in series.values() for point, _ in line]
    most = max([value for line in series.values() for _, value in line] + [level[1]]) * 1.1
    low, high = math.log10(min(xs)), math.log10(max(xs))

    def x(value: float) -> float:
        return left + (math.log10(value) - low) / (high - low) * (_WIDTH - left - right)

    def y(value: float) -> float:
        return height - bottom - value / most * (height - top - bottom)

    parts = _head(title, height)
    for point in sorted(set(xs)):
        parts.append(_line(x(point), top, x(point), height - bottom, "#eee"))
        parts.append(_text(x(point), height - bottom + 18, f"{point:g}", "middle"))
    for tick in range(5):
        value = most * tick / 4
        parts.append(_line(left, y(value), _WIDTH - right, y(value), "#eee"))
        parts.append(_text(left - 8, y(value) + 4, f"{value:.2f}", "end"))
    parts.append(_text((left + _WIDTH - right) / 2, height - 14, across, "middle"))
    parts.append(_text(left, top - 8, up, "start"))
    for number, line in enumerate(series.values()):
        path = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[number]}" stroke-width="2"/>')
        parts += [f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="4" fill="{COLOURS[number]}"/>' for a, b in line]
    parts.append(_line(left, y(level[1]), _WIDTH - right, y(level[1]), COLOURS[4], 2))
    parts.append(_text(_WIDTH - right, y(level[1]) - 6, level[0], "end"))
    return _finished(parts, list(series), left + 150, 22)


def _first(rows: Mapping[str, Mapping[str, object]]) -> list[str]:
    return [name for row in rows.values() for name in row]


def _head(title: str, height: float) -> list[str]:
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}" role="img" '
        f'font-family="sans-serif" font-size="13"><title>{escape(title)}</title>'
        '<rect width="100%" height="100%" fill="#fff"/>'
    ]


def _finished(parts: list[str], series: Sequence[str], left: float, at: float) -> str:
    for number, name in enumerate(series):
        begin = left + 190 * number
        parts.append(f'<circle cx="{begin:.0f}" cy="{at - 4:.0f}" r="4" fill="{COLOURS[number]}"/>')
        parts.append(_text(begin + 10, at, name, "start"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: int = 1) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
