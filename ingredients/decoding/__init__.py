"""Decoders: how much of one thing others tell, on episodes or lifetimes not used for fitting.

`training.leakage` and `audit` share this code, which needs only numpy and scikit-learn. In reading order: `played`
(data), `classes` (numbers as classes), `windows` (inputs of decoders), `forest`, `decoders`, `chosen` (the best on an
inner split), `leak` (the measure), `leak_text`, `history` (present and past), `past` (is a memory needed).
"""
