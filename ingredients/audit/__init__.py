"""What an environment supplies of the four ingredients by itself, without training.

In reading order: `listing` (which environments), `policy` (a player other than chance), `flatten` (observations as rows
of numbers), `made` (a guarded environment), `play` (play as arrays), `replay` (comparison of equal seeds: trace, tasks,
luck, actions that differ), `measures` (one environment's line), `worker` (a process that measures one), `run` (parallel
workers, resumable), `judged` (Holm over the audit), `table` (output formats), `command` (the command line).
"""
