"""Numbers as classes: each value one where there are few, else where they lie among the quartiles.

Comes in: numbers of the fitted and the tested rows. Goes out: whole numbers from 0 on. To lie on a quartile is a class
of its own, so a value that most steps have does not swallow its neighbours. So is to lie on no known value.
"""

from __future__ import annotations

import numpy as np

from ingredients.decoding.played import Labels, Numbers

MOST_CLASSES = 12
DIGITS = 6


def edges_of(numbers: Numbers) -> Numbers:
    """Returns the values where they are at most `MOST_CLASSES`, else the quartiles."""
    values = np.unique(np.round(numbers, DIGITS))
    return values if values.size <= MOST_CLASSES else np.quantile(numbers, (0.25, 0.5, 0.75))


def place(edges: Numbers, numbers: Numbers) -> Labels:
    """Returns 2i for a number between the edges i − 1 and i, and 2i + 1 for one on the edge i."""
    rounded, edges = np.round(numbers, DIGITS), np.round(edges, DIGITS)
    return np.searchsorted(edges, rounded, "left") + np.searchsorted(edges, rounded, "right")
