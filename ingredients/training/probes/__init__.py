"""Programs of the probes (docs/design.md §8), one `INTERVENTION` a file, named as in `ingredients.probes`."""

from __future__ import annotations

import importlib

from ingredients.training.scene import Intervention


def intervention(name: str) -> Intervention:
    """Returns a probe's program."""
    made: Intervention = importlib.import_module(f"ingredients.training.probes.{name}").INTERVENTION
    return made
