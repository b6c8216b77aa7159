"""What an environment supplies of the four ingredients by itself, without training.

In reading order: `listing`, `policy` (a player other than chance), `flatten` (observations as rows of numbers), `made`
(a guarded environment), `play`, `replay` (comparison of equal seeds), `measures` (one environment's line), `worker`,
`run`, `judged` (Holm over the audit), `table`, `command`.
"""
