"""The command `ingredients`, with streams and exit codes (docs/design.md §9).

In order: `app`, `grids`, `reports`, `results`, `studies`, `formats` (printing).
"""
