"""The Python API: what a user does in a script or a notebook, and what the command line does.

In reading order: `result` (a results folder: its curves, verdicts, figures and agents), `grid` (a study planned and
run), `agent` (one trained agent), `module` (the same as a `torch.nn.Module`), `play` (what it does, step by step,
and in whose place: `seat`; `player` plays what others step)
with `trace` (as a picture and a table), `policies` (what others bring), `evaluate` (anybody's policy, judged),
`export` (the same for other tools) with `hub` (a folder for the Hugging Face hub, and agents out of one).

`import ingredients` gives its names: `ingredients.load`, `ingredients.Study` and so on.
"""
