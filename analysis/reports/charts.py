"""Charts: columns and lines over days, bars by name. Each says in words what it shows."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from analysis.reports.drawing import LETTER, TEXT_SIZE, Box, Drawing, Label, Stroke, fitted
from analysis.reports.wording import short

WIDTH: Final = 520.0
HEIGHT: Final = 170.0
LEFT: Final = 44.0
RIGHT: Final = 8.0
TOP: Final = 22.0
FOOT: Final = 20.0
GRID_LINES: Final = 4
ROW: Final = 20.0
NAMES: Final = 150.0
VALUES: Final = 70.0
LABEL_WIDTH: Final = 34.0
TEAL, AMBER, BLUE, RED, GREY, GREEN = "#0f766e", "#d97706", "#2563eb", "#dc2626", "#94a3b8", "#16a34a"


@dataclass(frozen=True)
class Series:
    """Values in order, under a name; None where nothing is known."""

    name: str
    colour: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class Axis:
    """What stands at the foot, and how values are written at the side."""

    labels: Sequence[str]
    write: Callable[[float], str] = short
    top: int | None = None  # where the scale ends, with a line for each one; else at a round number above the values


def columns(told: str, axis: Axis, series: Sequence[Series]) -> Drawing:
    """Return columns, the series stacked on each other."""
    totals = [sum(one.values[number] or 0 for one in series) for number in range(len(axis.labels))]
    drawing, top = _canvas(told, axis, series, max(totals, default=0))
    step = _step(axis)
    for number, label in enumerate(axis.labels):
        floor = HEIGHT - FOOT
        for one in series:
            value = one.values[number] or 0
            height = _height(value, top)
            floor -= height
            if height:
                said = f"{label}: {one.name} {axis.write(value)}"
                drawing.add(Box(LEFT + number * step + step * 0.12, floor, step * 0.76, height, one.colour, said))
    return drawing


def lines(told: str, axis: Axis, series: Sequence[Series]) -> Drawing:
    """Return a line for each series; where nothing is known the line is broken."""
    highest = max((value for one in series for value in one.values if value is not None), default=0)
    drawing, top = _canvas(told, axis, series, highest)
    step = _step(axis)
    for one in series:
        run: list[tuple[float, float]] = []
        for number, value in enumerate([*one.values, None]):
            if value is not None:
                run.append((LEFT + (number + 0.5) * step, HEIGHT - FOOT - _height(value, top)))
                continue
            if len(run) > 1:
                drawing.add(Stroke(tuple(run), one.colour, 2))
            elif run:
                drawing.add(Box(run[0][0] - 2, run[0][1] - 2, 4, 4, one.colour))
            run = []
    return drawing


def bars(told: str, rows: Sequence[tuple[str, float, str]], colour: str = TEAL) -> Drawing:
    """Return a bar for each row (name, value, the value in words)."""
    drawing = Drawing(WIDTH, ROW * len(rows) + 4, told)
    highest = max((value for _name, value, _words in rows), default=0)
    longest = max((len(words) for _name, _value, words in rows), default=0)
    room = WIDTH - NAMES - max(VALUES, 12 + longest * TEXT_SIZE * LETTER)
    for number, (name, value, words) in enumerate(rows):
        y = number * ROW
        length = room * value / highest if highest else 0
        drawing.add(Label(NAMES - 8, y + 14, fitted(name, NAMES - 8), "end"))
        drawing.add(Box(NAMES, y + 4, max(length, 1), ROW - 8, colour, f"{name}: {words}"))
        drawing.add(Label(NAMES + length + 6, y + 14, words))
    return drawing


def _canvas(told: str, axis: Axis, series: Sequence[Series], highest: float) -> tuple[Drawing, float]:
    """Return a drawing with grid, scale, foot and legend, and the value at its top."""
    drawing, top = Drawing(WIDTH, HEIGHT, told), axis.top or nice(highest)
    count = axis.top or GRID_LINES
    for number in range(count + 1):
        value = top * number / count
        y = HEIGHT - FOOT - _height(value, top)
        drawing.add(Stroke(((LEFT, y), (WIDTH - RIGHT, y)), faint=True, width=0.7))
        drawing.add(Label(LEFT - 5, y + 3, axis.write(value), "end"))
    _foot(drawing, axis)
    x = LEFT
    for one in series:
        drawing.add(Box(x, 4, 9, 9, one.colour), Label(x + 13, 12, one.name))
        x += 30 + len(one.name) * TEXT_SIZE * LETTER
    return drawing, top


def _foot(drawing: Drawing, axis: Axis) -> None:
    """Write as many labels as have room, the first and every so many after it."""
    step = _step(axis)
    every = max(1, math.ceil(LABEL_WIDTH / step))
    for number in range(0, len(axis.labels), every):
        drawing.add(Label(LEFT + (number + 0.5) * step, HEIGHT - FOOT + 13, axis.labels[number], "middle"))


def _step(axis: Axis) -> float:
    return (WIDTH - LEFT - RIGHT) / max(1, len(axis.labels))


def _height(value: float, top: float) -> float:
    return (HEIGHT - FOOT - TOP) * value / top


def nice(highest: float, *, whole: bool = True) -> float:
    """Return a round number above, that the grid's lines divide well: 4, 8, 20, 40, 80, 100 …; `whole`: no parts."""
    wanted = max(highest / GRID_LINES, 1.0 if whole else 0.0) or 1.0
    size = 10 ** math.floor(math.log10(wanted))
    parts = (1, 2, 5, 10) if whole and size < 10 else (1, 2, 2.5, 5, 10)
    return float(GRID_LINES * next(size * part for part in parts if size * part >= wanted * 0.999))
