"""The Python API, re-exported by `import ingredients` (docs/api.md).

In order: `result`, `grid`, `agent`, `module`, `play`, `trace`, `seat`, `player`, `policies`, `evaluate`, `export`,
`hub`.
"""
