"""The Python API, re-exported by `import ingredients`.

In reading order: `result` (a results folder), `grid` (plan and run), `agent`, `module`, `play`, `trace`, `seat` and
`player` (the agent in an environment), `policies` (other people's), `evaluate` (judges any policy), `export`, `hub`.
"""
