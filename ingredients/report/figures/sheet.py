"""The layout of panels in inches, however many."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from ingredients.report.layout import PanelLayout

_LEFT, _RIGHT = 0.75, 1.7  # the y axis; the names of the reference lines
_ROW_NAMES = 0.3
_GAP_X, _GAP_Y = 0.28, 0.62
_WRAPPED_GAP_Y = 0.8  # one more line: the name of the cell
_COLUMN_NAMES = 0.25
_NAME_SIZE = 8.5
_BETWEEN_NAMES = 0.2  # at least, between the names of two rows
_FOOT = 0.95
_PLOTS_WIDTH = 7.5  # at least, however few the columns
_NARROWEST, _WIDEST = 2.7, 5.6


@dataclass(frozen=True)
class Line:
    """A line of text: size in points, weight, colour."""

    text: str
    size: float
    weight: str = "normal"
    colour: str = "#222222"

    @property
    def height(self) -> float:
        """Height in inches, with the space below."""
        return self.size * 1.45 / 72


@dataclass(frozen=True)
class Sheet:
    """`header` are paragraphs above the panels, `notes` lines below."""

    layout: PanelLayout
    header: Sequence[Line]
    notes: Sequence[Line]

    @property
    def panel_width(self) -> float:
        """Width of a panel's axes."""
        return min(max(_PLOTS_WIDTH / self.layout.columns, _NARROWEST), _WIDEST)

    @property
    def panel_height(self) -> float:
        """Height of a panel's axes."""
        return 0.6 * self.panel_width

    @property
    def left(self) -> float:
        """Left edge of the first column's axes."""
        return _LEFT + (_ROW_NAMES if self.layout.by_row else 0)

    @property
    def width(self) -> float:
        """Width of the sheet."""
        columns = self.layout.columns
        return self.left + columns * self.panel_width + (columns - 1) * _GAP_X + _RIGHT

    @property
    def height(self) -> float:
        """Height of the sheet."""
        return self._top + len(self.layout.rows) * (self.panel_height + self._gap_y) + self.foot

    @property
    def foot(self) -> float:
        """Height below the last row's axes: labels, legend, notes."""
        return _FOOT + sum(line.height for line in self.notes)

    def box(self, row: int, column: int) -> tuple[float, float, float, float]:
        """Returns left, bottom, width and height of a panel's axes, fractions of the sheet."""
        left = self.left + column * (self.panel_width + _GAP_X)
        top = self._top + self._gap_y + row * (self.panel_height + self._gap_y)
        bottom = self.height - top - self.panel_height
        return left / self.width, bottom / self.height, self.panel_width / self.width, self.panel_height / self.height

    def lines(self) -> list[Line]:
        """Returns the header in lines that fit the sheet."""
        return [line for paragraph in self.header for line in broken(paragraph, self.width - 0.5)]

    def row_name(self, text: str) -> str:
        """Returns a row's name in lines that fit beside it."""
        lines = broken(Line(text, _NAME_SIZE, "bold"), self.panel_height + self._gap_y - _BETWEEN_NAMES)
        return "\n".join(line.text for line in lines)

    @property
    def _top(self) -> float:
        """Height of the header, above the first row's titles."""
        names = _COLUMN_NAMES if self.layout.by_column else 0
        return 0.25 + sum(line.height for line in self.lines()) + names

    @property
    def _gap_y(self) -> float:
        return _GAP_Y if self.layout.is_matrix else _WRAPPED_GAP_Y


def broken(paragraph: Line, width: float) -> list[Line]:
    """Returns a paragraph in lines of at most `width` inches."""
    letter = paragraph.size / 72 * (0.63 if paragraph.weight == "bold" else 0.56)
    texts = textwrap.wrap(paragraph.text, max(int(width / letter), 20), break_on_hyphens=False)
    return [Line(text, paragraph.size, paragraph.weight, paragraph.colour) for text in texts]
