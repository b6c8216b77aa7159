"""Decoders: how much of one thing others tell, on episodes or lifetimes not used for fitting.

In reading order: `played` (data), `classes`, `windows` (inputs), `forest`, `decoders`, `chosen`, `leak`, `leak_text`,
`history`, `past` (is a memory needed).
"""
