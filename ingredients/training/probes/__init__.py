"""The programs of the probes, a file each, named as `ingredients.probes` names the probe (docs/design.md §8).

A file holds `INTERVENTION`: what the probe does to lifetimes on their way (`training.scene`).
"""

from __future__ import annotations

import importlib

from ingredients.training.scene import Intervention


def intervention(name: str) -> Intervention:
    """Returns the program of a probe."""
    made: Intervention = importlib.import_module(f"ingredients.training.probes.{name}").INTERVENTION
    return made
