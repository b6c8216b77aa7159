"""`action_yoke`: the channel shows the neighbour's plain a_{t-1}."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from ingredients.agent.observation import Past
from ingredients.tasks import lifetime
from ingredients.training.scene import Intervention


def yoke_action(own: Past, plain: Past, neighbours: Tensor) -> Past:
    """Returns the past with the neighbour's plain a_{t-1}."""
    return replace(own, action_tm1=lifetime.of_others(plain.action_tm1, neighbours))


INTERVENTION = Intervention(past=yoke_action)
