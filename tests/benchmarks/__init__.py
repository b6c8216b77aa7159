"""Benchmarks: measurements, never part of the timed tests. `make bench` runs them all; see `__main__`.

In reading order: `part` (options, interleaving, output); `recurrent_ppo` and `jax_ppo`, each against a peer that
another module is (`recurrent_peer`, `jax_peer`); `to_threshold`; `scaling`; `limit`; `report_size`; `__main__` (all of
them).
"""
