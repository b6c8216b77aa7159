"""`action_tremble`: other actions are executed than chosen (`interaction.tremble`)."""

from __future__ import annotations

from ingredients.training.scene import Intervention

INTERVENTION = Intervention(trembles=True)
