"""Other people's Gymnasium environments as rows of numbers; nothing here needs torch.

In reading order: `recipe` (what is made, and how), `vary` (what is drawn for each task), `parts` (a part of an
observation held to its space), `readings` (how it becomes numbers) with `symbols`, `frames` and `words`, `spaces`
(whole observations), `actions`, `lane` (one environment), `bundle` (some lanes as one environment), `pool` (bundles
side by side, by `gymnasium.vector`), `suggest` (what could vary), `warm_up` (random play before training: scales, and
what two resets with one seed give).
"""
