"""What an environment supplies by itself: reward, action, a memory, a distribution of tasks; trained on nothing.

In reading order: `listing` (which environments), `policy` (who plays, where not chance), `flatten` (anything as a row
of numbers), `made` (an environment as it is stepped), `play` (play as arrays), `replay` (what the same seed gives once
more: trace, tasks, luck, actions that differ), `measures` (one environment's line), `worker` (a process that measures
one), `run` (workers side by side, resumed), `judged` (Holm over the audit), `table` (the formats), `command` (what is
typed).
"""
