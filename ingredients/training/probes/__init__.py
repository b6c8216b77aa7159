"""Programs of the probes, one file each, named as in `ingredients.probes` (docs/design.md §8).

Each holds an `INTERVENTION` (`training.scene`).
"""

from __future__ import annotations

import importlib

from ingredients.training.scene import Intervention


def intervention(name: str) -> Intervention:
    """Returns the program of a probe."""
    made: Intervention = importlib.import_module(f"ingredients.training.probes.{name}").INTERVENTION
    return made
