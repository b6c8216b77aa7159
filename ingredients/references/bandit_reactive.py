"""The best policies found without memory: by the last reward and action, or the last reward alone.

On one task the pulls of such a policy are a Markov chain over executed arms,

    M[b, a] = p_b π(a | win, b) + (1 − p_b) π(a | loss, b),   x_{t+1} = x_t M,   E[r_t | p] = Σ_a x_t[a] p_a,

with π after action noise. Gradient ascent on the mean return, without proof, always found: stay after a win, cycle
after losses (Robbins 1952; docs/design.md §5, trap 1).

Shapes: R policies, N tasks (innermost, for speed), A arms, T pulls.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import pad
from torch.quasirandom import SobolEngine

from ingredients.references.policy import Answer, ReferenceInput

MOST_ARMS = 20
"""Arms up to which the search is run: the chain has A² entries a task."""
ASCENT_STEPS = 150
LEARNING_RATE = 0.3
LONGEST_ASCENT = 100
"""Pulls of a lifetime in the ascent: the chain has long mixed by then. Candidates are compared on whole lifetimes."""
RANDOM_STARTS = 4
CHAIN_ENTRIES = 12_800
COMPARISON_TASKS = 4096
NEGLIGIBLE_CHANCE = 0.02
"""Below this a chance that the ascent left over from its start is taken as 0."""
NEGLIGIBLE_GAIN = 1e-4
"""A pull: a found policy replaces a named one only if it earns more than this beyond it."""


class WinOrLose(Protocol):
    """A bandit with rewards 0 or 1; tasks `[N, arms]` are probabilities."""

    @property
    def arms(self) -> int:
        """Number of arms A."""
        ...

    @property
    def episodes(self) -> int:
        """Number of pulls T."""
        ...

    @property
    def action_noise(self) -> float:
        """Probability of a uniformly random arm."""
        ...

    @property
    def cube_size(self) -> int:
        """Number of uniforms for a task."""
        ...

    def from_cube(self, points: Tensor) -> Tensor:
        """Returns tasks from points in the unit cube, `[N, cube_size]`."""
        ...


@dataclass(frozen=True)
class ReactivePolicy:
    """π(a | r_{t-1}, a_{t-1}), the same at every step but the first.

    Attributes:
        first: of the first arm, `[A]`, or `[..., A]` of many policies.
        then: after a loss (0) or win (1) of each arm, `[..., 2, A, A]`.
    """

    first: Tensor
    then: Tensor

    def initial(self, lanes: int) -> Tensor:
        """Returns no memory."""
        return torch.zeros(lanes, 0)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns arms `[N]`."""
        if moment.step == 0:
            chances = self.first.expand(len(memory), -1)
        else:
            chances = self.then[moment.reward_tm1.long(), moment.action_tm1]
        return torch.multinomial(chances, 1, generator=moment.generator).squeeze(1)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns no memory."""
        return memory


def win_stay_lose_shift(arms: int) -> ReactivePolicy:
    """Repeats a winning arm, else cycles."""
    stay = torch.eye(arms)
    return ReactivePolicy(_any_arm(arms), torch.stack((stay.roll(1, 1), stay)))


def win_stay_lose_random(arms: int) -> ReactivePolicy:
    """Repeats a winning arm, else pulls any other."""
    stay = torch.eye(arms)
    return ReactivePolicy(_any_arm(arms), torch.stack(((1 - stay) / (arms - 1), stay)))


def win_means_first(arms: int) -> ReactivePolicy:
    """Pulls the first arm after a win, else any (docs/design.md §5, trap 3)."""
    first = torch.zeros(arms, arms)
    first[:, 0] = 1
    return ReactivePolicy(_any_arm(arms), torch.stack((torch.full((arms, arms), 1 / arms), first)))


def reactive_curve(family: WinOrLose, policy: ReactivePolicy, tasks: Tensor) -> Tensor:
    """Returns E[r_t | policy] on `tasks` `[N, A]`: `[..., T]` for policies `[...]`."""
    policies = ReactivePolicy(
        policy.first.reshape(-1, family.arms), policy.then.reshape(-1, 2, family.arms, family.arms)
    )
    at_once = max(1, 20 * CHAIN_ENTRIES // policies.then.numel())
    sums = [
        _expected_rewards(policies, part.T.contiguous(), family.episodes, family.action_noise).double().sum(-1)
        for part in torch.split(tasks, at_once)
    ]
    return (torch.stack(sums).sum(0) / len(tasks)).view(*policy.first.shape[:-1], family.episodes)


def best_reactive(family: WinOrLose) -> ReactivePolicy:
    """Returns the best policy found on r_{t-1} and a_{t-1}."""
    named = (win_stay_lose_shift(family.arms), win_stay_lose_random(family.arms))
    return _best_of(family, named, _ascend(family, named, rows=family.arms))


def best_reactive_to_reward(family: WinOrLose) -> ReactivePolicy:
    """Returns the best policy found on r_{t-1} alone."""
    named = (win_means_first(family.arms),)
    return _best_of(family, named, _ascend(family, named, rows=1))


def _ascend(family: WinOrLose, named: tuple[ReactivePolicy, ...], rows: int) -> ReactivePolicy:
    """Returns policies `[R]` by gradient ascent (Adam) from softened `named` and random ones.

    `rows`: last arms distinguished.
    """
    tasks = _sample(family, max(32, min(512, CHAIN_ENTRIES // family.arms**2)), seed=1).T.contiguous()
    pulls = min(family.episodes, LONGEST_ASCENT)
    logits = _starts(family.arms, named, rows)
    mean, square = torch.zeros_like(logits), torch.zeros_like(logits)
    for step in range(1, ASCENT_STEPS + 1):
        logits.requires_grad_()
        returns = _expected_rewards(_policies(logits), tasks, pulls, family.action_noise).mean(-1).sum()
        (gradient,) = torch.autograd.grad(returns, logits)
        mean, square = mean.lerp(gradient, 0.1), square.lerp(gradient**2, 0.001)
        change = mean / (1 - 0.9**step) / ((square / (1 - 0.999**step)).sqrt() + 1e-8)
        logits = logits.detach() + LEARNING_RATE * change
    return _policies(logits)


def _starts(arms: int, named: tuple[ReactivePolicy, ...], rows: int) -> Tensor:
    """Returns initial logits, `[R, 1 + 2 rows, A]`: first arm, after losses, after wins."""
    draws = torch.Generator().manual_seed(1)
    soft = torch.stack([4 * policy.then[:, :rows] for policy in named])
    random = torch.randn(RANDOM_STARTS, 2, rows, arms, generator=draws)
    return pad(torch.cat([soft, random]).flatten(1, 2), (0, 0, 1, 0))


def _policies(logits: Tensor) -> ReactivePolicy:
    """Returns the policies of `logits` `[R, 1 + 2 rows, A]`."""
    chances = logits.softmax(-1)
    arms = logits.shape[-1]
    return ReactivePolicy(chances[:, 0], chances[:, 1:].view(len(logits), 2, -1, arms).expand(-1, -1, arms, -1))


def _best_of(family: WinOrLose, named: tuple[ReactivePolicy, ...], found: ReactivePolicy) -> ReactivePolicy:
    """Returns the best policy on new tasks; named ones may be worse by `NEGLIGIBLE_GAIN`."""
    sharp = ReactivePolicy(_without_leftovers(found.first), _without_leftovers(found.then))
    candidates = (*named, sharp, found)
    first = torch.cat([policy.first.view(-1, family.arms) for policy in candidates])
    then = torch.cat([policy.then.reshape(-1, 2, family.arms, family.arms) for policy in candidates])
    tasks = _sample(family, COMPARISON_TASKS, seed=2)
    returns = reactive_curve(family, ReactivePolicy(first, then), tasks).mean(-1)
    best = int((returns > returns.max() - NEGLIGIBLE_GAIN).int().argmax())
    return ReactivePolicy(first[best], then[best])


def _without_leftovers(chances: Tensor) -> Tensor:
    kept = torch.where(chances < NEGLIGIBLE_CHANCE, 0, chances)
    return kept / kept.sum(-1, keepdim=True)


def _expected_rewards(policies: ReactivePolicy, tasks: Tensor, pulls: int, action_noise: float) -> Tensor:
    """Returns E[r_t | task, policy], `[R, T, N]`, on tasks `[A, N]`."""
    loss, win = (_slipped(policies.then, action_noise).unsqueeze(-1)).unbind(1)
    chain = loss + (win - loss) * tasks.unsqueeze(1)
    arms = _slipped(policies.first, action_noise).unsqueeze(-1).expand(-1, -1, tasks.shape[-1])
    rewards = [(arms * tasks).sum(1)]
    for _ in range(1, pulls):
        arms = (arms.unsqueeze(2) * chain).sum(1)
        rewards.append((arms * tasks).sum(1))
    return torch.stack(rewards, 1)


def _slipped(chances: Tensor, action_noise: float) -> Tensor:
    """Returns the probabilities of executed arms, `[..., A]`."""
    return (1 - action_noise) * chances + action_noise / chances.shape[-1]


def _sample(family: WinOrLose, count: int, seed: int) -> Tensor:
    """Returns `[count, arms]` tasks of a scrambled Sobol sequence."""
    engine = SobolEngine(family.cube_size, scramble=True, seed=seed)  # type: ignore[no-untyped-call]
    return family.from_cube(engine.draw(count))


def _any_arm(arms: int) -> Tensor:
    return torch.full((arms,), 1 / arms)
