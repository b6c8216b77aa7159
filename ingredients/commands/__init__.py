"""The command `ingredients`, with its streams and exit codes (docs/design.md §9).

In reading order: `app`, `grids`, `reports`, `results`, `studies`, `formats` (printing).
"""
