"""PPO's rules for long episodes, the same for all cells (docs/learner.md).

`symbols` says whether observations are symbols alone.
"""

from __future__ import annotations

STEPS = 128  # of a segment: how far back gradients flow
LANES = 16  # of a run, so that an update has 2,048 steps
EPOCHS, MINIBATCHES = 10, 4
LEARNING_RATE = 1e-3
ENTROPY = 0.01
LEAST_SPREAD = 0.1  # of advantages, in deviations of the return: smaller ones are not scaled up to 1


def segment_discount(episode_steps: int, symbols: bool) -> float:
    """Returns γ for episodes of L steps: 1 − 5 / L, in [.97, .999]; at least .99 if all is symbols."""
    return min(max(1 - 5 / episode_steps, 0.99 if symbols else 0.97), 0.999)


def segment_lambda(symbols: bool) -> float:
    """Returns λ of the advantages: .9, or .8 if all is symbols."""
    return 0.8 if symbols else 0.9
