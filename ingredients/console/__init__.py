"""What the command line is made of.

`terminal` (errors, help, paths, streams, Ctrl-C), `completion` (what a shell completes), `options` (of several
commands).

Comes in: what was typed, and what the surroundings say of streams and colours. Goes out: paths, consoles, exit codes.
"""
