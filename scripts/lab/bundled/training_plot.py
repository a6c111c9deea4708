"""A run's log as an SVG plot: loss and BLEU over the target pieces seen."""

from __future__ import annotations

import csv
from pathlib import Path

_WIDE, _HIGH, _EDGE = 720, 300, 48
_SERIES = (
    ("loss", "label-smoothed loss, nats a piece (left)", "#7a5195", False),
    ("bleu_held_out", "BLEU, held-out slice (right)", "#2f7d5b", True),
    ("bleu_watched", "BLEU, watched set (right)", "#c75b12", True),
)


def _ticks(top: float) -> list[float]:
    step = next((s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if top / s <= 8), 200)
    return [n * step for n in range(int(top / step) + 1)]


def draw(log: Path, plot: Path) -> None:
    """Reads a `log.csv` and writes the plot. Columns that the log leaves empty are left out."""
    with log.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    series = {
        name: [(float(r["target_pieces"]) / 1e6, float(r[name])) for r in rows if r.get(name) not in (None, "", "nan")]
        for name, *_ in _SERIES
    }
    if not series["loss"]:
        raise ValueError(f"{log} holds no steps to draw")
    right = max(x for points in series.values() for x, _ in points)
    tops = {
        False: max(y for _, y in series["loss"]) * 1.05,
        True: max([y for name, _, _, second in _SERIES if second for _, y in series[name]] or [1.0]) * 1.15,
    }

    def place(x: float, y: float, second: bool) -> tuple[float, float]:
        across = _EDGE + x / right * (_WIDE - 2 * _EDGE)
        return round(across, 1), round(_HIGH - _EDGE - y / tops[second] * (_HIGH - 2 * _EDGE), 1)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_HIGH}" font-family="sans-serif" font-size="11">',
        "<title>Loss and BLEU over the run</title>",
        f'<rect width="{_WIDE}" height="{_HIGH}" fill="white"/>',
    ]
    base = _HIGH - _EDGE
    out.append(f'<path d="M{_EDGE} {_EDGE}V{base}H{_WIDE - _EDGE}V{_EDGE}" fill="none" stroke="#888"/>')
    for value in _ticks(right):
        x, y = place(value, 0, False)
        out.append(f'<text x="{x}" y="{y + 15}" text-anchor="middle">{value:g}</text>')
    for second, x, anchor in ((False, _EDGE - 5, "end"), (True, _WIDE - _EDGE + 5, "start")):
        for value in _ticks(tops[second]):
            out.append(f'<text x="{x}" y="{place(0, value, second)[1] + 4}" text-anchor="{anchor}">{value:g}</text>')
    out.append(f'<text x="{_WIDE / 2}" y="{_HIGH - 12}" text-anchor="middle">million target pieces</text>')
    for index, (name, label, colour, second) in enumerate(_SERIES):
        points = [place(x, y, second) for x, y in series[name]]
        if not points:
            continue
        out.append(
            f'<polyline points="{" ".join(f"{x},{y}" for x, y in points)}" fill="none" stroke="{colour}" stroke-width="1.6"/>'
        )
        out.extend(f'<circle cx="{x}" cy="{y}" r="2.5" fill="{colour}"/>' for x, y in points if second)
        out.append(f'<text x="{_EDGE + 4 + index * 225}" y="{_EDGE - 20}" fill="{colour}">{label}</text>')
    plot.write_text("\n".join([*out, "</svg>"]) + "\n", encoding="utf-8")
