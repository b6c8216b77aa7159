"""References of tabular MDPs.

- `random`: exact, since without history actions are alike.
- `reactive` repeats what paid; the best found.
- The classical algorithms know the prior and plan at every step, `psrl` and `opsrl` in an MDP drawn once an episode, or
  (`psrl_by_step`, `opsrl_by_step`) at every step. They earn more than published (Duan et al. 2016, Table 2), unless
  they plan once an episode and expect rewards of 0 (`prior_mean`).
- The yardstick, the best of them on tuning tasks, is not exact.
- `oracle`: value iteration; exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor

from ingredients.references.mdp_policies import Counts, Planning, RepeatingWhatPaid, Sampling
from ingredients.references.mdp_posterior import bonus, greedy, optimistic_psrl, psrl, ucrl2
from ingredients.references.policy import PolicyCurves, Reference, ReferencePolicy, ReferenceSet
from ingredients.references.simulation import mean_return, simulate
from ingredients.tasks.tabular_mdp import TabularMdp

TUNING_TASKS, FINAL_TASKS, FINALISTS = 500, 2000, 3
TUNING_LUCK = -1  # a stream of luck that no evaluation meets
BONUSES = (0.25, 0.375, 0.5, 0.75, 1.0, 1.5, 2.0)
WIDTHS = (0.01, 0.02, 0.05, 0.1, 0.2)
STRAYS = (0.02, 0.05, 0.1)


def tabular_mdp_references(family: TabularMdp) -> ReferenceSet:
    """Returns all references, tuned on tasks of their own."""
    found = {name: _best(family, candidates) for name, candidates in _candidates(family).items()}
    yardstick = max(found, key=lambda name: found[name][1])
    everything = (
        Reference("random", True, float(family.steps), _in_each_episode(family, random_return)),
        Reference("reactive", False, None, partial(simulate, family, RepeatingWhatPaid(family.actions))),
        *(Reference(name, False, None, partial(simulate, family, policy)) for name, (policy, _) in found.items()),
        Reference("oracle", True, None, _in_each_episode(family, _best_return)),
    )
    return ReferenceSet("random", "reactive", yardstick, everything)


def _candidates(family: TabularMdp) -> dict[str, list[ReferencePolicy]]:
    """Returns each algorithm's policies, one for each parameter value."""
    counts = Counts(family)
    return {
        "greedy": [Planning(counts, greedy)],
        "epsilon_greedy": [Planning(counts, greedy, epsilon) for epsilon in STRAYS],
        "psrl": [Sampling(counts, psrl)],
        "opsrl": [Sampling(counts, optimistic_psrl)],
        "psrl_by_step": [Sampling(counts, psrl, by_step=True)],
        "opsrl_by_step": [Sampling(counts, optimistic_psrl, by_step=True)],
        "beb": [Planning(counts, partial(bonus, scale=scale)) for scale in BONUSES],
        "beb_fading": [Planning(counts, partial(bonus, scale=scale, fades=True)) for scale in BONUSES],
        "ucrl2": [Planning(counts, partial(ucrl2, scale=scale)) for scale in WIDTHS],
    }


def random_return(family: TabularMdp, tasks: Tensor) -> Tensor:
    """Returns the task's expected return of a random episode, `[N]`."""
    rewards, transitions = family.rewards(tasks).mean(-1), family.transitions(tasks).mean(-2)
    left = torch.zeros_like(rewards)
    for _ in range(family.episode_steps):
        left = rewards + (transitions * left[:, None, :]).sum(-1)
    return left[:, 0]


def _best(family: TabularMdp, policies: Sequence[ReferencePolicy]) -> tuple[ReferencePolicy, float]:
    """Returns the policy with the highest return on tuning tasks, more in the last round, and that return."""
    tasks = family.draw_tasks(torch.Generator().manual_seed(1), TUNING_TASKS + FINAL_TASKS)
    first, final = tasks[:TUNING_TASKS], tasks[TUNING_TASKS:]
    earned = [mean_return(family, policy, first, TUNING_LUCK) for policy in policies]
    ranked = sorted(range(len(policies)), key=earned.__getitem__, reverse=True)[:FINALISTS]
    finals = {place: mean_return(family, policies[place], final, TUNING_LUCK) for place in ranked}
    best = max(finals, key=finals.__getitem__)
    return policies[best], finals[best]


def _best_return(family: TabularMdp, tasks: Tensor) -> Tensor:
    best = family.best_episode_return(tasks)
    assert best is not None  # an MDP can be solved
    return best


def _in_each_episode(
    family: TabularMdp, earned: Callable[[TabularMdp, Tensor], Tensor]
) -> Callable[[Tensor, int], PolicyCurves]:
    """Returns the curves of a policy that earns the same in every episode."""

    def curves(tasks: Tensor, run: int) -> PolicyCurves:
        curve: list[float] = [float(earned(family, tasks).double().mean())] * family.episodes
        return PolicyCurves(curve, list(curve))

    return curves
