"""An audit as table, csv, json, md or html; a line per environment."""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ingredients.audit.judged import NOT_FOUND, Word, judged, summary
from ingredients.audit.measures import COLUMNS, NEEDED
from ingredients.store.files import explained

Line = dict[str, Any]
HEADS = (
    "environment",
    "reward",
    "action",
    "action of ceiling",
    "memory in it",
    "tasks",
    "luck",
    "starts",
    "memory needed",
    "seconds",
)
LEGEND = (
    "Shares from 0 to 1 of what there is to tell, or of pairs of episodes, with 95% intervals; * supplied (Holm over "
    "the audit, interval above .1), or memory needed (interval above .05 of the variance of what is paid). Not found "
    "is not absent: this play, these decoders."
)


def write(lines: Sequence[Line], out: Path) -> None:
    """Writes audit.json, .csv, .md and .html.

    Raises:
        StoreError: the folder cannot be written.
    """
    for suffix, name in {"json": "json", "csv": "csv", "md": "markdown", "html": "html"}.items():
        path = out / f"audit.{suffix}"
        with explained(path, "write"):
            path.write_text(FORMATS[name](lines), encoding="utf-8")


def as_json(lines: Sequence[Line]) -> str:
    """Returns the summary, and all lines with words and numbers."""
    words = judged(lines)
    told = [
        {**line, "words": None if of_line is None else {name: word._asdict() for name, word in of_line.items()}}
        for line, of_line in zip(lines, words, strict=True)
    ]
    return json.dumps({"summary": _summary(lines, words), "environments": told}, indent=1) + "\n"


def as_csv(lines: Sequence[Line]) -> str:
    """Returns a row per environment; empty cells have reasons beside them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    parts = ("word", "share", "low", "high", "p", "reason")
    extra = ("action_of_ceiling", "luck_after_start", "distinct_starts", "resets")
    writer.writerow(
        [
            "environment",
            "error",
            *(f"{name}_{part}" for name in COLUMNS for part in parts),
            *extra,
            "notes",
        ]
    )
    for line, words in zip(lines, judged(lines), strict=True):
        if words is None:
            writer.writerow([line["id"], line["error"], *[""] * (len(COLUMNS) * len(parts) + len(extra) + 1)])
            continue
        numbers = [_plain(value) for name in COLUMNS for value in words[name]]
        further = [_plain(value) for value in _further(line)]
        writer.writerow([line["id"], "", *numbers, *further, "; ".join(line["notes"])])
    return text.getvalue()


def as_markdown(lines: Sequence[Line]) -> str:
    """Returns a Markdown page."""
    words = judged(lines)
    rows = [_cells(line, of_line) for line, of_line in zip(lines, words, strict=True)]
    table = [f"| {' | '.join(HEADS)} |", "|" + "---|" * len(HEADS)]
    table += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    reasons = [f"- {reason}" for reason in _reasons(lines, words)]
    return "\n".join(["# Audit", "", _summary(lines, words), "", LEGEND, "", *table, "", *reasons]) + "\n"


def as_html(lines: Sequence[Line]) -> str:
    """Returns a self-contained page."""
    words = judged(lines)
    head = "".join(f"<th>{html.escape(name)}</th>" for name in HEADS)
    rows = [
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in _cells(line, of_line)) + "</tr>"
        for line, of_line in zip(lines, words, strict=True)
    ]
    reasons = [f"<li>{html.escape(reason)}</li>" for reason in _reasons(lines, words)]
    style = (
        "body{font-family:sans-serif;margin:2em}td,th{padding:.2em .6em;text-align:left;border-bottom:1px solid #ccc}"
    )
    said = "".join(f"<p>{html.escape(text)}</p>" for text in (_summary(lines, words), LEGEND))
    page = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Audit</title><style>{style}</style></head>',
        f"<body><h1>Audit</h1>{said}<table><tr>{head}</tr>",
        *rows,
        "</table><ul>",
        *reasons,
        "</ul></body></html>",
    ]
    return "\n".join(page) + "\n"


def as_text(lines: Sequence[Line]) -> str:
    """Returns a table for the terminal, with reasons below."""
    words = judged(lines)
    rows = [list(HEADS), *(_cells(line, of_line) for line, of_line in zip(lines, words, strict=True))]
    widths = [max(len(row[column]) for row in rows if len(row) > 2) for column in range(len(HEADS))]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in rows]
    reasons = [f"- {reason}" for reason in _reasons(lines, words)]
    return "\n".join([*table, "", *reasons, *([""] if reasons else []), LEGEND, _summary(lines, words)])


def _summary(lines: Sequence[Line], words: Sequence[dict[str, Word] | None]) -> str:
    by_policy = any("policy" in line.get("play", {}) for line in lines)
    return summary(words, "a policy's play" if by_policy else "random play")


def _cells(line: Line, words: dict[str, Word] | None) -> list[str]:
    if words is None:
        return [line["id"], *["-"] * (len(HEADS) - 2), f"{line['seconds']:.0f}"]
    ceiling, luck, starts, resets = _further(line)
    return [
        line["id"],
        _cell(words["reward"]),
        _cell(words["action"]),
        "-" if ceiling is None else f"{ceiling:.2f}",
        _cell(words["memory"]),
        _cell(words["tasks"]),
        "-" if luck is None else f"{luck:.2f}",
        f"{starts}/{resets}",
        _cell(words[NEEDED]),
        f"{line['seconds']:.0f}",
    ]


def _cell(word: Word) -> str:
    if word.share is None or word.low is None or word.high is None:
        return word.word
    mark = "" if word.word == NOT_FOUND else "*"
    return f"{word.share:.2f}{mark} [{word.low:.2f}, {word.high:.2f}]"


def _further(line: Line) -> tuple[float | None, float | None, int, int]:
    action, tasks = (line["findings"][name]["details"] or {} for name in ("action", "tasks"))
    return action.get("of_ceiling"), tasks["luck_after_start"], tasks["distinct_starts"], tasks["resets"]


def _reasons(lines: Sequence[Line], words: Sequence[dict[str, Word] | None]) -> list[str]:
    """Returns why cells are empty, what failed, what play missed."""
    said = []
    for line, of_line in zip(lines, words, strict=True):
        if of_line is None:
            said.append(f"{line['id']}: not audited: {line['error']}")
            continue
        said += [f"{line['id']}, {name}: {word.reason}" for name, word in of_line.items() if word.share is None]
        said += [f"{line['id']}: {note}" for note in line["notes"]]
    return said


def _plain(value: object) -> object:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else value


FORMATS: dict[str, Callable[[Sequence[Line]], str]] = {
    "table": as_text,
    "csv": as_csv,
    "json": as_json,
    "markdown": as_markdown,
    "html": as_html,
}
