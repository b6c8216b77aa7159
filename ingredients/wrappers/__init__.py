"""The channels and the lifetime as Gymnasium wrappers, for any library (docs/tasks.md).

In order: `columns`, `resets`, `single`, `vector` (`VectorLifetime`, ...).
"""

from ingredients.wrappers.columns import DrawTask, new_task
from ingredients.wrappers.single import ActionObservation, Lifetime, RewardObservation

__all__ = ["ActionObservation", "DrawTask", "Lifetime", "RewardObservation", "new_task"]
