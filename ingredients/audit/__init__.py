"""What an environment supplies of the four ingredients by itself, without training (docs/audit.md).

In order: `listing`, `policy`, `flatten`, `made`, `play`, `replay`, `measures`, `worker`, `run`, `judged`, `table`,
`command`.
"""
