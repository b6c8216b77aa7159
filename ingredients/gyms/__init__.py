"""Other people's Gymnasium environments as rows of numbers; needs no torch.

In reading order: `recipe` (how an environment is made), `vary` (what is drawn for each task), `parts` (a part of an
observation, checked against its space), `readings` (how it becomes numbers) with `symbols`, `frames` and `words`,
`spaces` (whole observations), `actions`, `lane` (one environment), `bundle` (some lanes as one environment), `pool`
(bundles side by side, by `gymnasium.vector`), `suggest` (what could vary), `warm_up` (random play before training).
"""
