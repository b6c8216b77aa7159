"""Guards all calls of code that others wrote: environments, families, memories, wrappers.

In reading order: `failures`, `trail`, `guard`, `call`, `luck`, `answers`.
"""
