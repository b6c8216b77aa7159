"""What an environment supplies of the four ingredients by itself, without training.

In reading order: `listing`, `policy` (another player than chance), `flatten` (observations as numbers), `made` (a
guarded environment), `play`, `replay` (equal seeds), `measures`, `worker`, `run`, `judged` (Holm), `table`, `command`.
"""
