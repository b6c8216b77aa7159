"""The command `ingredients`: parse, call, print (docs/design.md §9).

Messages of errors go to stderr, one plain line each, never wrapped; everything else goes to stdout.
Exit codes: 0 done; 1 some runs failed; 2 the command or the study is wrong, or the folder cannot be used as it is; 3 a
verdict is not as expected; 130 interrupted.

In reading order: `app` (the program, which names every command), `grids` (`plan`, `check`, `run-grid`, `bench`),
`reports` (`report`), `results` (`trace`, `export`), `studies` (`studies`, `new`, `schema`),
`formats` (how results are printed).
"""
