"""What the command line is made of.

`terminal` (errors, help, paths, streams, Ctrl-C), `completion` (what a shell completes), `options` (of several
commands).
"""
