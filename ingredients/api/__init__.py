"""The Python API, with which scripts and notebooks do what the command line does.

In reading order: `result` (a results folder), `grid` (plan and run a study), `agent`, `module` (the agent as a
`torch.nn.Module`), `play` and `trace` (what it does), `seat` and `player` (the agent in an environment), `policies`
(other people's), `evaluate` (judges any policy), `export` (for other tools), `hub` (a folder for the Hugging Face hub,
and agents out of one). `import ingredients` gives its names: `ingredients.load`, `ingredients.Study` and so on.
"""
