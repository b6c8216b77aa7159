"""A toy probe as somebody adds it: a file and a line; `python tests/toy_probe.py` writes them."""

from __future__ import annotations

from pathlib import Path

PROGRAM = '''"""`reward_blank`: through the whole lifetime, the channel shows a reward of 0."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from ingredients.agent.observation import Past
from ingredients.training.scene import Intervention


def blank_reward(own: Past, plain: Past, neighbours: Tensor) -> Past:
    """Returns what lies behind a lane, but for r_{t-1}, which is 0."""
    return replace(own, reward_tm1=torch.zeros_like(own.reward_tm1))


INTERVENTION = Intervention(past=blank_reward)
'''
LINE = '    ProbeSpec("reward_blank", "rewards shown as 0", shows="gain", throughout=True),\n'
PLACE = "    *FIRST_PROBES,\n"


def add_to(checkout: Path) -> None:
    """Adds the probe to a checkout."""
    package = checkout / "ingredients"
    (package / "training" / "probes" / "reward_blank.py").write_text(PROGRAM, encoding="utf-8")
    probes = package / "probes.py"
    probes.write_text(probes.read_text(encoding="utf-8").replace(PLACE, f"{PLACE}{LINE}"), encoding="utf-8")


if __name__ == "__main__":
    add_to(Path.cwd())
