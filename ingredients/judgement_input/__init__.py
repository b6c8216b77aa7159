"""What is judged, between the store and judgement: the curves of every run and the references, typed; no torch.

In reading order: `curves` (of runs and cells), `references` (with their roles), `checks` (whether they can be judged
together), `gather` (a results folder as all of that).
"""
