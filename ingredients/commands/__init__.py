"""The command `ingredients`: parse, call, print (docs/design.md §9).

Errors go to stderr, one plain line each; everything else goes to stdout. Exit codes: 0 done; 1 some runs failed; 2 the
command, the study or the folder is wrong; 3 a verdict is not as expected; 130 interrupted.

In reading order: `app` (the program, which names every command), `grids` (`plan`, `check`, `run-grid`, `bench`),
`reports` (`report`), `results` (`trace`, `export`), `studies` (`studies`, `new`, `schema`), `formats` (how results are
printed).
"""
