"""Parts of the command line.

`terminal` (errors, help, paths, streams, Ctrl-C), `completion` (shell completion), `options` (of several commands).
"""
