"""The Python API, with which scripts and notebooks do what the command line does.

In reading order: `result` (a results folder: curves, verdicts, figures, agents), `grid` (plan and run a study), `agent`
(one trained agent), `module` (the agent as a `torch.nn.Module`), `play` (what it does step by step), `seat` (its place
in an environment) and `player` (the agent in an environment that others step), `trace` (play as a picture and a table),
`policies` (other people's policies), `evaluate` (judges any policy), `export` (results for other tools) with `hub` (a
folder for the Hugging Face hub, and agents out of one). `import ingredients` gives its names: `ingredients.load`,
`ingredients.Study` and so on.
"""
