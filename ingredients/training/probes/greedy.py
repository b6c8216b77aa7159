"""`greedy`: the likeliest action is taken throughout instead of a sampled one."""

from __future__ import annotations

from ingredients.training.scene import Intervention

INTERVENTION = Intervention(greedy=True)
