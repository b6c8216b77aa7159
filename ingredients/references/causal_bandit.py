"""References of the causal bandit.

- `elsewhere`, any node but the one set, is exact: all others have mean 0.
- `one_note` is made by hand; a memory-off sibling may beat it.
- `bayes_inference` is not proven optimal.
- `associational` treats x_m = −1 as observed, not set (Dasgupta et al. 2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from itertools import product

import torch
from torch import Tensor

from ingredients.references.at_random import AtRandom
from ingredients.references.policy import Answer, Reference, ReferenceInput, ReferencePolicy, ReferenceSet
from ingredients.references.simulation import simulate
from ingredients.tasks.causal_bandit import SET_OUTSIDE, CausalBandit

WEIGHTS = (-1.0, 0.0, 1.0)
NOTED_BELOW = -0.5  # a value that suggests an effect of −1


def causal_bandit_references(family: CausalBandit) -> ReferenceSet:
    """Returns all references."""
    policies: dict[str, ReferencePolicy] = {
        "random": AtRandom(family.actions),
        "elsewhere": OtherNode(family),
        "one_note": OneNote(family),
        "associational": KnowsWeights(family, seeing=True),
        "bayes_inference": BayesInference(family),
        "oracle": KnowsWeights(family),
    }
    earns = {"elsewhere": 0.0, "random": family.goal_episodes * SET_OUTSIDE / family.nodes}
    everything = tuple(
        Reference(name, name in ("elsewhere", "oracle"), earns.get(name), partial(simulate, family, policy))
        for name, policy in policies.items()
    )
    return ReferenceSet("elsewhere", "one_note", "bayes_inference", everything, floor_without_rewards=False)


@dataclass(frozen=True)
class _Forgetful:
    """A policy without memory."""

    family: CausalBandit

    def initial(self, lanes: int) -> Tensor:
        """Returns no memory."""
        return torch.empty(lanes, 0)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns no memory."""
        return memory

    def _outside(self, moment: ReferenceInput) -> Tensor:
        """Returns the node set from outside, one-hot `[N, n]`, if any."""
        return moment.observation[..., self.family.nodes : 2 * self.family.nodes]

    def _elsewhere(self, moment: ReferenceInput) -> Tensor:
        """Returns the first node not set, `[N]`."""
        return self._outside(moment)[..., 0].long()


@dataclass(frozen=True)
class OtherNode(_Forgetful):
    """Chooses the first node that is not set."""

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns that node."""
        return self._elsewhere(moment)


@dataclass(frozen=True)
class OneNote(_Forgetful):
    """Sets the first node, notes as its action the node that fell most, and chooses it where it serves."""

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns the node to set, note or choose."""
        seen, n = moment.observation, self.family.nodes
        lowest, node = seen[..., :n].min(-1)
        note = torch.where(lowest < NOTED_BELOW, node, 0)
        noted = torch.where(moment.action_tm1 > 0, moment.action_tm1, n - 1)
        first_is_set = self._outside(moment)[..., 0] > 0
        choice = torch.where(first_is_set, noted, self._elsewhere(moment))
        in_goal = seen[..., -2] > 0
        acts = torch.where(in_goal, choice, torch.zeros_like(choice))
        return torch.where(seen[..., -1] > 0, note, acts)


@dataclass(frozen=True)
class KnowsWeights(_Forgetful):
    """Chooses the highest mean given the weights; with `seeing`, as if x_m = −1 was observed."""

    seeing: bool = False

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns that node."""
        outside = self._outside(moment)
        if self.seeing:
            return associated(self.family, moment.tasks, outside).argmax(-1)
        to = torch.full(outside.shape[:-1], SET_OUTSIDE)
        return self.family.values(moment.tasks, outside, to, torch.zeros_like(outside)).argmax(-1)


def associated(family: CausalBandit, weights: Tensor, node: Tensor) -> Tensor:
    """Returns E[x | x_m = −1] `[N, n]` for observed m (one-hot) and weights `[N, n(n − 1)/2]`.

    It is −cov(x, x_m) / var(x_m), where x = (I − W)ᵀ⁻¹ z, z standard normal.
    """
    nobody = torch.zeros_like(node)
    to = torch.zeros(node.shape[:-1])
    columns = [family.values(weights, nobody, to, one.expand_as(node)) for one in torch.eye(family.nodes)]
    a = torch.stack(columns, dim=-1)  # effect of a unit of each node's noise on all
    row = (node.unsqueeze(-2) @ a).squeeze(-2)
    covariance = (a @ row.unsqueeze(-1)).squeeze(-1)
    return SET_OUTSIDE * covariance / (row * row).sum(-1, keepdim=True)


@dataclass(frozen=True)
class BayesInference:
    """Sets the node of least certain effects, infers weights exactly, chooses the highest posterior mean.

    The memory `[N, Σ_j 3^j]` is log-likelihoods of each node's weights.
    """

    family: CausalBandit

    def initial(self, lanes: int) -> Tensor:
        """Returns zero log-likelihoods."""
        return torch.zeros(lanes, sum(len(one) for one in self._combinations))

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """See `ReferencePolicy.act`."""
        n = self.family.nodes
        outside = moment.observation[..., n : 2 * n]
        to = torch.full(outside.shape[:-1], SET_OUTSIDE)
        means = self.family.values(self.posterior_means(memory), outside, to, torch.zeros_like(outside))
        lots = 1e-6 * torch.rand(len(memory), n, generator=moment.generator)
        unknown = (self.uncertainty(memory) + lots).argmax(-1)
        return torch.where(moment.observation[..., -2] > 0, means.argmax(-1), unknown)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """See `ReferencePolicy.update`."""
        n = self.family.nodes
        goal = answer.observation[..., -2] > 0
        values, outside = answer.led_to[..., :n], answer.observation[..., n : 2 * n]
        chosen = torch.nn.functional.one_hot(answer.action, n).to(values.dtype)
        at = torch.where(goal.unsqueeze(-1), outside, chosen)
        acted = answer.observation[..., -1:] == 0
        said = [self._log_likelihood(values, j) * (1 - at[..., j : j + 1]) for j in range(n)]
        return memory + torch.cat(said, dim=-1) * acted

    def uncertainty(self, memory: Tensor) -> Tensor:
        """Returns each node's summed posterior variances of weights out, `[N, n]`."""
        out = memory.new_zeros(len(memory), self.family.nodes)
        parts = torch.split(memory, [len(one) for one in self._combinations], dim=-1)
        for j, (part, weights) in enumerate(zip(parts, self._combinations, strict=True)):
            chance = part.softmax(-1)
            out[:, :j] += chance @ weights**2 - (chance @ weights) ** 2
        return out

    def posterior_means(self, memory: Tensor) -> Tensor:
        """Returns E[w_ij | data], `[N, n(n − 1)/2]`, in the order of ψ."""
        means = memory.new_zeros(len(memory), self.family.task_size)
        parts = torch.split(memory, [len(one) for one in self._combinations], dim=-1)
        for j, (part, weights) in enumerate(zip(parts, self._combinations, strict=True)):
            into = [self.family.weight(i, j) for i in range(j)]
            means[:, into] = part.softmax(-1) @ weights
        return means

    def _log_likelihood(self, values: Tensor, j: int) -> Tensor:
        """Returns log p(x_j | x_<j, weights) + constant, of each combination, `[N, 3^j]`."""
        error = values[..., j : j + 1] - values[..., :j] @ self._combinations[j].T
        return -0.5 * (error / self.family.noise) ** 2

    @cached_property
    def _combinations(self) -> list[Tensor]:
        """Possible weights into each node, `[3^j, j]`."""
        return [torch.tensor(list(product(WEIGHTS, repeat=j))).view(3**j, j) for j in range(self.family.nodes)]
