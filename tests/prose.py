"""How long the sentences of a Markdown page are: code blocks are left out, links count as their words."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator

_FENCED = re.compile(r"^```.*?^```", flags=re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"\n\s*\n|\n(?=\s*(?:[*|#-]|\d+\.) ?)")
_END = re.compile(r"(?<=[.!?])[)*\"]*\s+(?=[\"'(*`\[]*[A-Z0-9`|])")


def plain(text: str) -> str:
    """Returns Markdown without its links' addresses, its emphasis and its indented lines of code."""
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", text)
    text = re.sub(r"(?<!\\)\[([^\]]*?)\]\([^)]*\)", r"\1", text)
    return text.replace("**", "").replace("\\", "")


def blocks(page: str) -> Iterator[str]:
    """Yields paragraphs, points of lists, headings and cells of tables, each on one line."""
    for block in _BLOCK.split(_FENCED.sub("", page)):
        if block.lstrip("\n").startswith("    "):
            continue  # code
        line = " ".join(plain(block).split())
        if line.startswith("|"):
            yield from (f"| {cell}" for cell in re.split(r" \| |^\| | \|$", line) if cell.strip(" -|"))
        elif line:
            yield line


def sentences(page: str, tables: bool = False) -> list[str]:
    """Returns the sentences of a page in order; those in cells of tables only if they are asked for."""
    chosen = (block for block in blocks(page) if tables or not block.startswith("| "))
    return [sentence for block in chosen for sentence in _END.split(block.lstrip("|#-* ")) if words(sentence)]


def words(sentence: str) -> int:
    """Returns how many words a sentence has; an interval `[0.1, 0.2]` belongs to its number."""
    without_intervals = re.sub(r"\[[^\[\]]*\]", "", re.sub(r"`[^`]*`", "code", sentence))
    return len(re.findall(r"[\w']+(?:[-.,/]\w+)*", without_intervals))


def too_long(page: str, limit: int = 40) -> list[str]:
    """Returns the sentences of a page, tables included, that have more words than that."""
    return [f"{words(each)} words: {each}" for each in sentences(page, tables=True) if words(each) > limit]


def median_length(page: str) -> float:
    """Returns the median number of words of the sentences outside of tables and headings."""
    return statistics.median(words(each) for each in sentences(page))
