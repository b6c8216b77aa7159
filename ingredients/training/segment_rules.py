"""PPO's rules for long episodes of all environments and cells."""

from __future__ import annotations

STEPS = 128  # of a segment: how far back gradients flow
LANES = 16  # of a run, so that an update has 2,048 steps
EPOCHS, MINIBATCHES = 10, 4
LEARNING_RATE = 1e-3
ENTROPY = 0.01
TRACE, TRACE_OF_SYMBOLS = 0.95, 0.8
LEAST_SPREAD = 0.1  # of advantages, in deviations of the return: smaller ones are not scaled up to 1


def segment_discount(episode_steps: int) -> float:
    """Returns γ for episodes of L steps: 1 − 5 / L, in [.97, .999]."""
    return min(max(1 - 5 / episode_steps, 0.97), 0.999)


def segment_trace(symbols: bool) -> float:
    """Returns λ, by whether observations are symbols alone (docs/learner.md)."""
    return TRACE_OF_SYMBOLS if symbols else TRACE
