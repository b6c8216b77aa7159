"""Other people's Gymnasium environments as rows of numbers; needs no torch.

In reading order: `recipe`, `vary` (what is drawn for each task), `parts` and `readings` of observations, with
`symbols`, `frames` and `words`; `spaces`, `actions`, `lane` (one environment), `bundle` (some lanes), `pool` (bundles,
by `gymnasium.vector`), `suggest`, `warm_up` (random play before training).
"""
