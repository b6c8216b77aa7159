"""The one boundary between this house and code that somebody else wrote: environments, families, memories, wrappers.

In reading order: `failures` (what went wrong, in one line), `trail` (where a process died), `guard` (what such code
cannot change), `call` (both, where what it raises is said at once), `luck` (random numbers that a reset's seed does not
seed), `answers` (what a reset and a step have to give). Which spaces are understood is in `gyms.spaces`; own families
are held to theirs in `tasks.own_contract`, own memories in `agent.memory.own_contract`.
"""
