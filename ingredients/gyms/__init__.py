"""Other people's Gymnasium environments as rows of numbers; needs no torch.

In order: `recipe`, `vary`, `parts`, `symbols`, `frames`, `words`, `readings`, `spaces`, `actions`, `lane`, `bundle`,
`pool`, `suggest`, `warm_up`.
"""
