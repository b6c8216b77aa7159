"""Decoders: how much of one thing others tell, on episodes or lifetimes not used for fitting.

`training.leakage` and `audit` share them. In reading order: `played` (data), `classes`, `windows` (inputs), `forest`,
`decoders`, `chosen` (the best on an inner split), `leak`, `leak_text`, `history` (present and past), `past` (is a
memory needed).
"""
