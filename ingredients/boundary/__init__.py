"""The only boundary to code that others wrote: environments, families, memories, wrappers.

In reading order: `failures` (what went wrong, in one line), `trail` (where a process died), `guard` (protects our
state), `call` (guarded calls that raise one-line errors), `luck` (random numbers that a reset does not seed), `answers`
(checks what a reset and a step return). `gyms.spaces` has the supported spaces; `tasks.own_contract` and
`agent.memory.own_contract` check users' families and memories.
"""
