"""`action_tremble`: at a fifth of the steps another action is executed than the agent chose (`interaction.tremble`).

An agent that relies on its intended action loses more than one that sees trembles in the action channel.
"""

from __future__ import annotations

from ingredients.training.scene import Intervention

INTERVENTION = Intervention(trembles=True)
