"""How much of one thing can be told from others: decoders, on episodes or lifetimes that they were not fitted to.

Numpy and scikit-learn only: a study (`training.leakage`) and an audit (`audit`) measure leaks with the same code. In
reading order: `played` (episodes or lifetimes as arrays), `classes` (numbers as classes), `windows` (what a decoder
sees around a step), `decoders` (look-up tables, a forest, a multiplicative network), `chosen` (the one that does best
on an inner split), `leak` (the measure with its interval), `leak_text` (the same in words), `history` (the present and
the past of a step), `past` (what the past adds: is a memory needed).
"""
