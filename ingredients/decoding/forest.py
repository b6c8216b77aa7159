"""scikit-learn's forest, bit for bit, without its overhead per tree: a measure grows some 1,500 small trees."""

from __future__ import annotations

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from ingredients.decoding.played import Labels, Numbers


def forest_chances(
    fitted: Numbers, classes: Labels, asked: Numbers, trees: int, leaf: int, columns: str | None
) -> list[Numbers]:
    """Returns the probabilities of `RandomForestClassifier(trees, random_state=0)` (Breiman 2001): C arrays `[R, K]`.

    `classes` count from 0 without gaps; `leaf` is the fewest rows of a leaf, `columns` is `max_features`.
    """
    inner, outer = (np.ascontiguousarray(part, dtype=np.float32) for part in (fitted, asked))
    wanted = classes.astype(np.float64)
    rows = len(fitted)
    draw = np.random.RandomState(0)
    total: list[Numbers] = []
    for seed in [draw.randint(np.iinfo(np.int32).max) for _ in range(trees)]:
        drawn = np.random.RandomState(seed).randint(0, rows, rows, dtype=np.int32)
        tree = DecisionTreeClassifier(min_samples_leaf=leaf, max_features=columns, random_state=seed)
        weights = np.bincount(drawn, minlength=rows).astype(np.float64)
        told = tree.fit(inner, wanted, weights, check_input=False).predict_proba(outer, check_input=False)
        parts = told if isinstance(told, list) else [told]
        total = [one + part for one, part in zip(total, parts, strict=True)] if total else parts
    return [part / trees for part in total]
