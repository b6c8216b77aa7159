"""Guards all calls of code that others wrote: environments, families, memories, wrappers (docs/tasks.md).

In order: `failures`, `trail`, `guard`, `call`, `luck`, `answers`.
"""
