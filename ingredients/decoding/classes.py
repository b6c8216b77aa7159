"""Numbers as classes: one per common value if there are few, else by quartile.

A number on an edge is its own class.
"""

from __future__ import annotations

import numpy as np

from ingredients.decoding.played import Labels, Numbers

MOST_CLASSES = 12
DIGITS = 6
COMMON = 5


def edges_of(numbers: Numbers) -> Numbers:
    """Returns the common values, or quartiles above `MOST_CLASSES` values."""
    values, met = np.unique(np.round(numbers, DIGITS), return_counts=True)
    if values.size > MOST_CLASSES:
        return np.quantile(numbers, (0.25, 0.5, 0.75))
    common: Numbers = values[met >= min(COMMON, met.max())]
    return common


def place(edges: Numbers, numbers: Numbers) -> Labels:
    """Returns 2i for numbers between edges i − 1 and i, 2i + 1 on edge i."""
    rounded, edges = np.round(numbers, DIGITS), np.round(edges, DIGITS)
    return np.searchsorted(edges, rounded, "left") + np.searchsorted(edges, rounded, "right")
