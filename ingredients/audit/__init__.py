"""What an environment supplies of the four ingredients by itself, without training.

In reading order: `listing`, `policy` (a player other than chance), `flatten` (observations as numbers), `made` (a
guarded environment), `play`, `replay` (equal seeds), `measures` (one line), `worker`, `run`, `judged` (Holm over the
audit), `table`, `command`.
"""
