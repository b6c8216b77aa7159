"""Input of judgement, from the store: curves of runs and references, typed; no torch.

In reading order: `curves`, `references`, `checks` (can they be judged together), `gather` (reads a results folder).
"""
