"""The channels and the lifetime as ordinary Gymnasium wrappers, so that any library can train on the same cells.

    from ingredients.wrappers import ActionObservation, Lifetime, RewardObservation, new_task

    cell = gymnasium.make("ingredients/BernoulliBandit-v0", arms=5)
    cell = Lifetime(cell, episodes=50, draw_task=new_task)       # one episode of the outside is a lifetime
    cell = ActionObservation(RewardObservation(cell))            # leave one out, and its ingredient is off

`columns` has what is added, `resets` how the lanes of a vector are reset, `single` the wrappers of one environment,
`vector` those of vectors (`VectorLifetime`, ...).
"""

from ingredients.wrappers.columns import DrawTask, new_task
from ingredients.wrappers.single import ActionObservation, Lifetime, RewardObservation

__all__ = ["ActionObservation", "DrawTask", "Lifetime", "RewardObservation", "new_task"]
