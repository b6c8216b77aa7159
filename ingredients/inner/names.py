"""Names of candidates and known algorithms, without importing torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

Candidate = Literal[
    "bayes-adaptive", "posterior-sampling", "greedy", "recency", "model-free", "reactive", "history-free"
]
CANDIDATES: Final[tuple[Candidate, ...]] = get_args(Candidate)
KNOWN: Final[Mapping[str, Candidate]] = {
    "bayes_optimal": "bayes-adaptive",
    "gittins": "bayes-adaptive",
    "thompson": "posterior-sampling",
    "greedy": "greedy",
    "reactive": "reactive",
    "recency": "recency",
    "model_free": "model-free",
}
"""What each known algorithm has to come out as before any agent is judged. Some families have some of them."""

PLANNERS: Final[Mapping[str, bool]] = {"replay": False, "vector_navigator": False, "search": True, "oracle": True}
"""Whether each known player of the memory & planning game shows the two behavioural signs of planning."""
BLIND: Final = ("wander", "replay", "vector_navigator")
"""Players who compose no ways: what they do by chance is what composition has to exceed."""
