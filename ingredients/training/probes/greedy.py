"""`greedy`: the likeliest action is taken instead of a sampled one."""

from __future__ import annotations

from ingredients.training.scene import Intervention

INTERVENTION = Intervention(greedy=True)
