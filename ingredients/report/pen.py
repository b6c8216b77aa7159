"""Writes the report for a console's width and characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

VERDICT_STYLES = {
    "in-context": "bold green",
    "carried": "cyan",
    "reactive": "yellow",
    "none": "dim",
    "mixed": "bold magenta",
    "undecided": "magenta",
    None: "dim",
}

_WIDE = 114
_PLOT_ROWS = 10
_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII_BLOCKS = "_.:-=+*#"
_ASCII = str.maketrans(
    {
        "●": "#",
        "◑": "=",
        "◐": "~",
        "◒": "%",
        "○": "o",
        "–": "-",
        "·": ".",
        "×": "x",
        "δ": "d",
        "⌈": "",
        "⌉": "",
        "²": "2",
        "…": "..",
    }
)


@dataclass(frozen=True)
class Pen:
    """Writes for one console."""

    width: int
    ascii_only: bool

    @property
    def wide(self) -> bool:
        """Whether whole words and secondary columns fit."""
        return self.width >= _WIDE

    @property
    def curve_width(self) -> int:
        """Number of characters for a curve."""
        return min(self.width - _WIDE + 10, 40) if self.wide else 10

    def text(self, text: str, style: str = "") -> Text:
        """Returns text that the console can print."""
        if self.ascii_only:
            text = text.translate(_ASCII).encode("ascii", "replace").decode()
        return Text(text, style)

    def bullet(self, text: str) -> RenderableType:
        """Returns an indented line, with a hanging indent."""
        grid = Table.grid(padding=(0, 1))
        grid.add_column()
        grid.add_column(overflow="fold")  # a run's name may be longer than the line
        grid.add_row(self.text("-"), self.text(text))
        return Padding(grid, (0, 0, 0, 2))

    def level(self, level: str) -> Text:
        """Returns a level in words if they fit, else `+` (on), `·` (off), w4 (wipe 4)."""
        style = "dim" if level.endswith("off") else ""
        if not self.wide:
            level = {"on": "+", "off": "·"}.get(level, level.replace("wipe ", "w"))
        return self.text(level, style)

    def curve(self, heights: Sequence[float], style: str = "") -> Text:
        """Returns heights from 0 to 1 as block characters."""
        blocks = _ASCII_BLOCKS if self.ascii_only else _BLOCKS
        return Text("".join(blocks[min(int(height * len(blocks)), len(blocks) - 1)] for height in heights), style)

    def plot(self, heights: Sequence[float], beside: Sequence[float]) -> list[Text]:
        """Returns a curve as rows of characters from 1 to 0, another as dots."""
        return [self._row(heights, beside, level) for level in range(_PLOT_ROWS, -1, -1)]

    def _row(self, heights: Sequence[float], beside: Sequence[float], level: int) -> Text:
        """Returns one level's columns; the first curve covers the other."""
        mark, dot = ("#", ".") if self.ascii_only else ("█", "·")
        rows = [[round(height * _PLOT_ROWS) for height in curve] for curve in (heights, beside)]
        line = Text(f"{level / _PLOT_ROWS:4.1f} ", "dim")
        for here, there in zip(*rows, strict=True):
            line.append(mark if here == level else dot if there == level else " ", "" if here == level else "dim")
        return line

    def table(self) -> Table:
        """Returns an empty table with a line only below its head."""
        return Table(box=None, padding=(0, 1, 0, 0), header_style="bold", show_edge=False, pad_edge=False)
