"""Input of judgement, from the store; no torch.

In reading order: `curves`, `references`, `checks` (can they be judged together), `gather` (reads a results folder).
"""
