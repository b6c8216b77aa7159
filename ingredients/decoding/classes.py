"""Numbers as classes: each common value one where there are few, else where they lie among the quartiles.

To lie on a quartile is a class of its own, so a value that most steps have does not swallow its neighbours. So is to
lie between common values: those that were met less than `COMMON` times can be told from the common ones, not from one
another.
"""

from __future__ import annotations

import numpy as np

from ingredients.decoding.played import Labels, Numbers

MOST_CLASSES = 12
DIGITS = 6
COMMON = 5


def edges_of(numbers: Numbers) -> Numbers:
    """Returns the common values where there are at most `MOST_CLASSES` in all, else the quartiles."""
    values, met = np.unique(np.round(numbers, DIGITS), return_counts=True)
    if values.size > MOST_CLASSES:
        return np.quantile(numbers, (0.25, 0.5, 0.75))
    common: Numbers = values[met >= min(COMMON, met.max())]
    return common


def place(edges: Numbers, numbers: Numbers) -> Labels:
    """Returns 2i for a number between the edges i − 1 and i, and 2i + 1 for one on the edge i."""
    rounded, edges = np.round(numbers, DIGITS), np.round(edges, DIGITS)
    return np.searchsorted(edges, rounded, "left") + np.searchsorted(edges, rounded, "right")
