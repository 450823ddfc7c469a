"""A report as PDF: A4, its text selectable, its charts drawn as lines, with a font that comes along.

DejaVu Sans knows Latin, Greek and Cyrillic letters and more; a letter that it lacks (of a Chinese name, say) is printed
as an empty box, and a symbol (an emoji) not at all.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final
from unicodedata import category

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import TableBordersLayout, TextEmphasis
from fpdf.fonts import FontFace, TTFFont

from analysis.reports.as_html import made_on
from analysis.reports.drawing import INK, Box, Drawing, Label, Stroke
from analysis.reports.sections import Chart, Data, Section, Table, Tile, sections_of, stretch_of, title_of, whose

FONTS: Final = Path(__file__).parent / "fonts"
FONT: Final = "DejaVu"
BOX: Final = "□"
MARGIN: Final = 42.0
GAP: Final = 12.0
TILE_HEIGHT: Final = 56.0
VALUE_SIZES: Final = (15, 13, 11, 9, 7)
DARK, SOFT, RULE, TEAL = (31, 41, 55), (100, 116, 139), (203, 213, 225), (15, 118, 110)


class Pages(FPDF):
    """A4 pages in points, with their number at the foot."""

    def __init__(self, foot: str) -> None:
        super().__init__(unit="pt", format="A4")
        self.foot = foot
        self.add_font(FONT, fname=FONTS / "DejaVuSansCondensed.ttf")
        self.add_font(FONT, style="B", fname=FONTS / "DejaVuSansCondensed-Bold.ttf")
        self.set_margin(MARGIN)
        self.set_auto_page_break(auto=True, margin=MARGIN + 20)
        self.alias_nb_pages()

    def footer(self) -> None:
        """Write what the report is, and the page's number."""
        self.set_y(-MARGIN)
        self.write_with(8, colour=SOFT)
        self.cell(self.epw * 0.8, 10, self.cut(self.foot, self.epw * 0.8))
        self.cell(self.epw * 0.2, 10, f"{self.page_no()} / {{nb}}", align="R")

    def write_with(self, size: float, *, bold: bool = False, colour: tuple[int, int, int] = DARK) -> None:
        """Write in this size and colour from now on."""
        self.set_font(FONT, "B" if bold else "", size)
        self.set_text_color(*colour)

    def known(self, text: str) -> str:
        """Return a text as the font can write it: an empty box for each letter that it lacks, nothing for a symbol."""
        glyphs = self.current_font.cmap if isinstance(self.current_font, TTFFont) else {}
        return "".join(one if ord(one) in glyphs else BOX * category(one).startswith("L") for one in text)

    def cut(self, text: str, width: float) -> str:
        """Return a text cut to a width in the current font."""
        text = self.known(text)
        if self.get_string_width(text) <= width:
            return text
        while text and self.get_string_width(f"{text}…") > width:
            text = text[:-1]
        return f"{text.rstrip()}…"

    def room_for(self, height: float) -> None:
        """Begin a page where this one has not so much height left."""
        if self.will_page_break(height):
            self.add_page()


def pdf_file(data: Data) -> bytes:
    """Return a report as a PDF in the active language."""
    pdf = Pages(f"{title_of(data)} · {whose(data)} · {stretch_of(data)}")
    pdf.set_lang(get_language() or "en")
    pdf.set_creator("Charla")
    pdf.set_title(f"{title_of(data)}, {stretch_of(data)}")
    pdf.add_page()
    _head(pdf, data)
    for section in sections_of(data):
        _section(pdf, section)
    return bytes(pdf.output())


def _head(pdf: Pages, data: Data) -> None:
    pdf.write_with(11, colour=SOFT)
    pdf.cell(pdf.epw, 16, pdf.cut(whose(data), pdf.epw), new_x="LMARGIN", new_y="NEXT")
    pdf.write_with(24, bold=True)
    pdf.multi_cell(pdf.epw, 30, pdf.known(title_of(data)), new_x="LMARGIN", new_y="NEXT")
    pdf.write_with(11)
    pdf.cell(pdf.epw, 18, stretch_of(data), new_x="LMARGIN", new_y="NEXT")
    pdf.write_with(8, colour=SOFT)
    pdf.cell(pdf.epw, 14, _("Made by Charla (%(made)s).") % {"made": made_on(data)}, new_x="LMARGIN", new_y="NEXT")


def _section(pdf: Pages, section: Section) -> None:
    first = TILE_HEIGHT if section.tiles else 0
    pdf.room_for(60 + first + (_height(pdf, section.charts[0]) if section.charts else 40))
    pdf.ln(14)
    pdf.start_section(section.title)
    pdf.write_with(15, bold=True)
    pdf.cell(pdf.epw, 22, section.title, new_x="LMARGIN", new_y="NEXT")
    pdf.set_draw_color(*TEAL)
    pdf.set_line_width(1.5)
    pdf.line(MARGIN, pdf.y, MARGIN + pdf.epw, pdf.y)
    pdf.ln(10)
    _tiles(pdf, section.tiles)
    if section.empty:
        pdf.write_with(10, colour=SOFT)
        pdf.multi_cell(pdf.epw, 16, section.empty, new_x="LMARGIN", new_y="NEXT")
    for chart in section.charts:
        _chart(pdf, chart)
    for table in section.tables:
        _table(pdf, table)


def _tiles(pdf: Pages, tiles: Sequence[Tile]) -> None:
    abreast = 4 if len(tiles) % 4 == 0 else 3
    width = (pdf.epw - GAP * (abreast - 1)) / abreast
    for begin in range(0, len(tiles), abreast):
        pdf.room_for(TILE_HEIGHT + GAP)
        y = pdf.y
        for place, tile in enumerate(tiles[begin : begin + abreast]):
            _tile(pdf, tile, MARGIN + place * (width + GAP), y, width)
        pdf.set_xy(MARGIN, y + TILE_HEIGHT + GAP)


def _tile(pdf: Pages, tile: Tile, x: float, y: float, width: float) -> None:
    pdf.set_draw_color(*RULE)
    pdf.set_line_width(0.7)
    pdf.rect(x, y, width, TILE_HEIGHT, round_corners=True, corner_radius=5)
    pdf.set_xy(x + 9, y + 7)
    pdf.write_with(8.5, colour=SOFT)
    pdf.cell(width - 18, 12, pdf.cut(tile.name, width - 18))
    pdf.set_xy(x + 9, y + 20)
    for size in VALUE_SIZES:
        pdf.write_with(size, bold=True)
        if pdf.get_string_width(tile.value) <= width - 18:
            break
    pdf.cell(width - 18, 18, pdf.cut(tile.value, width - 18))
    if tile.change:
        pdf.set_xy(x + 9, y + 38)
        pdf.write_with(8, colour=SOFT)
        pdf.cell(width - 18, 12, tile.change)


def _height(pdf: Pages, chart: Chart) -> float:
    return 22 + chart.drawing.height * pdf.epw / chart.drawing.width


def _chart(pdf: Pages, chart: Chart) -> None:
    pdf.room_for(_height(pdf, chart) + GAP)
    pdf.write_with(10.5, bold=True)
    pdf.cell(pdf.epw, 18, pdf.cut(chart.title, pdf.epw), new_x="LMARGIN", new_y="NEXT")
    _draw(pdf, chart.drawing, MARGIN, pdf.y, pdf.epw / chart.drawing.width)
    pdf.set_xy(MARGIN, pdf.y + chart.drawing.height * pdf.epw / chart.drawing.width + GAP)


def _draw(pdf: Pages, drawing: Drawing, left: float, top: float, scale: float) -> None:
    """Draw shapes from a corner on; what comes after stands where the drawing began."""
    for shape in drawing.shapes:
        if isinstance(shape, Box):
            pdf.set_fill_color(shape.colour)
            pdf.rect(
                left + shape.x * scale, top + shape.y * scale, shape.width * scale, shape.height * scale, style="F"
            )
        elif isinstance(shape, Stroke):
            pdf.set_draw_color(RULE if shape.faint else DARK if shape.colour == INK else shape.colour)
            pdf.set_line_width(shape.width * scale)
            pdf.polyline([(left + x * scale, top + y * scale) for x, y in shape.points])
        else:
            _letter(pdf, shape, left, top, scale)
    pdf.set_xy(MARGIN, top)


def _letter(pdf: Pages, label: Label, left: float, top: float, scale: float) -> None:
    pdf.write_with(label.size * scale)
    text = pdf.cut(label.text, label.x * scale if label.anchor == "end" else pdf.epw)
    width = pdf.get_string_width(text)
    shift = {"start": 0.0, "middle": width / 2, "end": width}[label.anchor]
    pdf.text(max(MARGIN, left + label.x * scale - shift), top + label.y * scale, text)


def _table(pdf: Pages, table: Table) -> None:
    pdf.room_for(80)
    pdf.write_with(10.5, bold=True)
    pdf.cell(pdf.epw, 20, pdf.cut(table.title, pdf.epw), new_x="LMARGIN", new_y="NEXT")
    pdf.write_with(7.5)
    pdf.set_draw_color(*RULE)
    pdf.set_fill_color(255)
    pdf.set_line_width(0.5)
    others = len(table.headings) - 1
    with pdf.table(
        col_widths=(1.3, *[1] * others), text_align=("LEFT", *["RIGHT"] * others), line_height=13, padding=(2, 2),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=FontFace(emphasis=TextEmphasis.B, color=DARK),
    ) as grid:  # fmt: skip
        for row in (table.headings, *table.rows):
            line = grid.row()
            for text in row:
                line.cell(pdf.known(str(text)))
    if table.note:
        pdf.write_with(8.5, colour=SOFT)
        pdf.multi_cell(pdf.epw, 14, table.note, new_x="LMARGIN", new_y="NEXT")
    pdf.ln(GAP)
