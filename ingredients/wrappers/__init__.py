"""The channels and the lifetime as Gymnasium wrappers, for any library to train on the same cells.

    from ingredients.wrappers import ActionObservation, Lifetime, RewardObservation, new_task

    cell = gymnasium.make("ingredients/BernoulliBandit-v0", arms=5)
    cell = Lifetime(cell, episodes=50, draw_task=new_task)       # one outer episode is a lifetime
    cell = ActionObservation(RewardObservation(cell))            # leave one out to switch its ingredient off

In reading order: `columns`, `resets`, `single`, `vector` (`VectorLifetime`, ...).
"""

from ingredients.wrappers.columns import DrawTask, new_task
from ingredients.wrappers.single import ActionObservation, Lifetime, RewardObservation

__all__ = ["ActionObservation", "DrawTask", "Lifetime", "RewardObservation", "new_task"]
