"""`action_tremble`: at a fifth of the steps the environment carries out another action than the agent chose.

The action channel alone tells (`interaction.tremble`). It costs every agent what those steps cost. One that relies on
knowing what it intended, since it sees no action, it costs more than one that sees the same trembles.
"""

from __future__ import annotations

from ingredients.training.scene import Intervention

INTERVENTION = Intervention(trembles=True)
