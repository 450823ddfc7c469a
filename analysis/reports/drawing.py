"""A drawing as plain shapes, that HTML shows as SVG and the PDF draws itself. Units: points, from the upper left."""

from dataclasses import dataclass, field
from typing import Final, Literal

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

Anchor = Literal["start", "middle", "end"]
INK: Final = "ink"  # the colour of the text around it
TEXT_SIZE: Final = 9.0
# How wide a letter is on the average, by its size: what cuts labels so that they stay beside their bars.
LETTER: Final = 0.56


@dataclass(frozen=True)
class Box:
    """A filled rectangle; `told` is read out for it."""

    x: float
    y: float
    width: float
    height: float
    colour: str
    told: str = ""


@dataclass(frozen=True)
class Stroke:
    """A line through points; `faint` ones are the grid."""

    points: tuple[tuple[float, float], ...]
    colour: str = INK
    width: float = 1.0
    faint: bool = False


@dataclass(frozen=True)
class Label:
    """A text with its foot at a point."""

    x: float
    y: float
    text: str
    anchor: Anchor = "start"
    size: float = TEXT_SIZE


@dataclass
class Drawing:
    """Shapes on a canvas, and what they say in words."""

    width: float
    height: float
    told: str
    shapes: list[Box | Stroke | Label] = field(default_factory=list)

    def add(self, *shapes: Box | Stroke | Label) -> None:
        """Put shapes over what is there."""
        self.shapes.extend(shapes)


def fitted(text: str, width: float, size: float = TEXT_SIZE) -> str:
    """Return a text cut to a width."""
    most = max(1, int(width / (size * LETTER)))
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def svg(drawing: Drawing) -> SafeString:
    """Return the drawing as SVG: no script and no style, so that every Content-Security-Policy shows it."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(drawing.width)} {_n(drawing.height)}" role="img"'
    shapes = "".join(_svg(shape) for shape in drawing.shapes)
    return mark_safe(f'{head} aria-label="{escape(drawing.told)}">{shapes}</svg>')  # noqa: S308 - escaped here and below


def _svg(shape: Box | Stroke | Label) -> str:
    """Return a shape; format_html() would take three times as long for the thousand and more of a report."""
    if isinstance(shape, Label):
        place = f'x="{_n(shape.x)}" y="{_n(shape.y)}" font-size="{_n(shape.size)}" text-anchor="{shape.anchor}"'
        return f'<text {place} fill="currentColor">{escape(shape.text)}</text>'
    if isinstance(shape, Stroke):
        points = " ".join(f"{_n(x)},{_n(y)}" for x, y in shape.points)
        looks = f'stroke="{_colour(shape.colour)}" stroke-width="{_n(shape.width)}" stroke-linejoin="round"'
        faint = ' stroke-opacity="0.15"' if shape.faint else ""
        return f'<polyline points="{points}" fill="none" {looks}{faint}/>'
    told = f"<title>{escape(shape.told)}</title>" if shape.told else ""
    place = f'x="{_n(shape.x)}" y="{_n(shape.y)}" width="{_n(shape.width)}" height="{_n(shape.height)}"'
    return f'<rect {place} fill="{_colour(shape.colour)}">{told}</rect>'


def _colour(name: str) -> str:
    return "currentColor" if name == INK else name


def _n(value: float) -> str:
    """Return a number as SVG reads it, whatever the language."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
