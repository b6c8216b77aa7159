"""Input of judgement, from the store; no torch.

In reading order: `curves`, `references`, `checks`, `gather` (a results folder).
"""
