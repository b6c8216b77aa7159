"""scikit-learn's forest, bit for bit, without its overhead per tree.

It uses parts that are not public, so `pyproject.toml` bounds the version.
"""

from __future__ import annotations

import numpy as np
from sklearn.tree._criterion import Gini
from sklearn.tree._splitter import BestSplitter
from sklearn.tree._tree import DepthFirstTreeBuilder, Tree

from ingredients.decoding.played import Labels, Numbers

DEEPEST = np.iinfo(np.int32).max


def forest_chances(
    fitted: Numbers, classes: Labels, asked: Numbers, trees: int, leaf: int, columns: str | None
) -> list[Numbers]:
    """Returns the probabilities of `RandomForestClassifier(trees, random_state=0)` (Breiman 2001): C arrays `[R, K]`.

    `classes` count from 0 without gaps; `leaf` is the fewest rows of a leaf, `columns` is `max_features`.
    """
    inner, outer = (np.ascontiguousarray(part, dtype=np.float32) for part in (fitted, asked))
    wanted = np.ascontiguousarray(classes, dtype=np.float64)
    sizes = classes.max(0).astype(np.intp) + 1
    rows, width = inner.shape
    tried = max(1, int(np.sqrt(width))) if columns == "sqrt" else width
    draw = np.random.RandomState(0)
    total = np.zeros((len(outer), sizes.size, sizes.max()))
    for seed in [draw.randint(np.iinfo(np.int32).max) for _ in range(trees)]:
        drawn = np.random.RandomState(seed).randint(0, rows, rows, dtype=np.int32)
        weights = np.bincount(drawn, minlength=rows).astype(np.float64)
        splitter = BestSplitter(Gini(sizes.size, sizes), tried, leaf, 0.0, np.random.RandomState(seed), None)
        tree = Tree(width, sizes, sizes.size)
        builder = DepthFirstTreeBuilder(splitter, max(2, 2 * leaf), leaf, 0.0, DEEPEST, 0.0)
        builder.build(tree, inner, wanted, weights, None)
        total += tree.predict(outer).reshape(total.shape)
    return [total[:, column, :size] / trees for column, size in enumerate(sizes)]
