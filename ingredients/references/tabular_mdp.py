"""The references of tabular MDPs: chance, the last step, the classical algorithms with the true prior, the truth.

Comes in: a family. Goes out: its `References`.

- Floor: `random`. To who ignores the past all actions are alike in every state, so no policy that sees the state is
  better in expectation; exact.
- Reactive: `reactive`, which repeats what paid; the best that was found, and little.
- Classical: `greedy`, `epsilon_greedy`, `psrl`, `opsrl`, `beb`, `ucrl2`. They are given the prior that tasks are drawn
  from, and plan at the start of each episode. Duan et al. (2016, Table 2) have 134.8 for greedy, 138.1 for PSRL and
  144.1 for optimistic PSRL on 10 episodes of 10 states, 5 actions and 10 steps. With a prior that expects rewards of 0
  (`prior_mean`) ours earn 137, 137 and 140: theirs seem to have had it. Told the truth, greedy, which explores by
  hoping, is far better, and PSRL worse.
- What an algorithm leaves open (β of `beb`, the width of `ucrl2`, ε) is chosen on tasks of a stream of its own, and so
  is the yardstick: the best of them there. Nobody knows the Bayes-optimal policy, so the yardstick is not exact.
- `oracle`: value iteration in the true MDP; exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor

from ingredients.references.mdp_policies import Planning, RepeatingWhatPaid
from ingredients.references.mdp_posterior import bonus, greedy, optimistic_psrl, psrl, ucrl2
from ingredients.references.policy import Curves, Policy, Reference, References
from ingredients.references.simulation import simulate
from ingredients.tasks.tabular_mdp import TabularMdp

TUNING_TASKS = 500
BONUSES = (0.25, 0.5, 1.0, 2.0)
WIDTHS = (0.02, 0.05, 0.1, 0.2)
STRAYS = (0.02, 0.05, 0.1)


def tabular_mdp_references(family: TabularMdp) -> References:
    """Returns all references; this plays the classical algorithms on tasks of their own, to choose among them."""
    tasks = family.draw_tasks(torch.Generator().manual_seed(1), TUNING_TASKS)
    contest = partial(_best, family, tasks)
    found = {
        "greedy": contest([Planning(family, greedy)]),
        "epsilon_greedy": contest([Planning(family, greedy, epsilon) for epsilon in STRAYS]),
        "psrl": contest([Planning(family, psrl)]),
        "opsrl": contest([Planning(family, optimistic_psrl)]),
        "beb": contest([Planning(family, partial(bonus, scale=scale)) for scale in BONUSES]),
        "ucrl2": contest([Planning(family, partial(ucrl2, scale=scale)) for scale in WIDTHS]),
    }
    yardstick = max(found, key=lambda name: found[name][1])
    everything = (
        Reference("random", True, float(family.steps), _in_each_episode(family, random_return)),
        Reference("reactive", False, None, partial(simulate, family, RepeatingWhatPaid(family.actions))),
        *(Reference(name, False, None, partial(simulate, family, policy)) for name, (policy, _) in found.items()),
        Reference("oracle", True, None, _in_each_episode(family, _best_return)),
    )
    return References("random", "reactive", yardstick, everything)


def random_return(family: TabularMdp, tasks: Tensor) -> Tensor:
    """Returns what an episode of random actions earns in expectation given the task, `[N]`."""
    rewards, transitions = family.rewards(tasks).mean(-1), family.transitions(tasks).mean(-2)
    left = torch.zeros_like(rewards)
    for _ in range(family.episode_steps):
        left = rewards + (transitions * left[:, None, :]).sum(-1)
    return left[:, 0]


def _best(family: TabularMdp, tasks: Tensor, policies: Sequence[Policy]) -> tuple[Policy, float]:
    """Returns the policy that earns most on `tasks`, and what it earns."""
    earned = [sum(simulate(family, policy, tasks, run=0).none) for policy in policies]
    best = max(range(len(policies)), key=earned.__getitem__)
    return policies[best], earned[best]


def _best_return(family: TabularMdp, tasks: Tensor) -> Tensor:
    best = family.best_episode_return(tasks)
    assert best is not None  # an MDP can be solved
    return best


def _in_each_episode(
    family: TabularMdp, earned: Callable[[TabularMdp, Tensor], Tensor]
) -> Callable[[Tensor, int], Curves]:
    """Returns the curves of a policy without memory, of which every episode earns the same in expectation."""

    def curves(tasks: Tensor, run: int) -> Curves:
        curve: list[float] = [float(earned(family, tasks).double().mean())] * family.episodes
        return Curves(curve, list(curve))

    return curves
