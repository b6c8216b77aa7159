"""The command `ingredients` (docs/design.md §9).

Errors go to stderr, all else to stdout. Exit codes: 0 done; 1 some runs failed; 2 the command, the study or the folder
is wrong; 3 a verdict is not as expected; 130 interrupted.

In reading order: `app`, `grids`, `reports`, `results`, `studies`, `formats` (printing).
"""
