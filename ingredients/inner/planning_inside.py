"""Two signs of planning in the agents' own games: *content* and *cause* (docs/planning.md).

A decoder reads the agent's label `AHEAD` steps later, R² over all labels.

Shapes: S runs, N games, X moments, H units, P labels, A actions.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ingredients.inner.belief import moments, ridge
from ingredients.inner.examinees import Agents
from ingredients.tasks.memory_planning import MemoryPlanning
from ingredients.tasks.torus import MOVES

AHEAD: Final = 2
MOMENTS: Final = 8  # of a game, spread over its second half
RANDOM: Final = 20
PENALTIES: Final = (0.01, 0.1, 1.0, 10.0, 100.0)  # of the decoder, as shares of the features' mean square
RADIUS: Final = 0.5  # of the typical distance of an output from their mean


class OwnGames(NamedTuple):
    """Agents' games, `[S, N, T]` each: labels before each step, actions, rewards."""

    here: Tensor
    goal: Tensor
    action: Tensor
    reward: Tensor


class Moments(NamedTuple):
    """Moments with a new goal.

    Attributes:
        at: steps, `[S, N, X]`.
        here, goal: labels, `[S, N, X]`.
        ahead: the label `AHEAD` steps later.
    """

    at: Tensor
    here: Tensor
    goal: Tensor
    ahead: Tensor


class Decoder(NamedTuple):
    """A linear decoder of labels: (outputs − `mean`) / `scale` times `weights` `[S, H, P]`."""

    mean: Tensor
    scale: Tensor
    weights: Tensor


def own_games(agents: Agents, tasks: Tensor) -> OwnGames:
    """Returns games of the agents on `tasks` `[S, N, D]`."""
    lived = [
        (*before.world.state.long().unbind(-1), step.step.action, step.step.reward)
        for before, step in agents.lived(tasks)
    ]
    return OwnGames(*(torch.stack(part, 2).cpu() for part in zip(*lived, strict=True)))


def new_goals(games: OwnGames) -> Moments:
    """Returns the last new goals before `MOMENTS` steps of the second half."""
    steps = games.here.shape[2]
    new = torch.nn.functional.pad(games.reward[..., :-1] > 0, (1, 0))
    since = torch.where(new, torch.arange(steps), 0).cummax(-1).values
    looked = torch.linspace(steps // 2, steps - 1 - AHEAD, MOMENTS).long()
    at = since[..., looked]
    return Moments(at, games.here.gather(2, at), games.goal.gather(2, at), games.here.gather(2, at + AHEAD))


def at_moments(made: Tensor, at: Tensor) -> Tensor:
    """Returns `[S, N, X, H]` of `[S, N, T, H]`."""
    return made.gather(2, at.unsqueeze(-1).expand(*at.shape, made.shape[-1]))


def fitted(features: Tensor, labels: Tensor, places: int) -> tuple[Decoder, Tensor]:
    """Returns a decoder of labels `[S, N, X]`, fitted to half of the games, and its R² on the others, `[S]`."""
    half = features.shape[1] // 2
    mean, scale = moments(features.double(), half)
    standard = (features.double() - mean) / scale
    targets = one_hot(labels, places).double()
    targets = targets - targets[:, :half].mean(1, keepdim=True)
    quarter = half // 2
    tried = torch.stack(
        [
            _r2(standard[:, quarter:half], targets[:, quarter:half], _fit(standard, targets, quarter, share))
            for share in PENALTIES
        ]
    )
    made = torch.stack([_fit(standard, targets, half, share) for share in PENALTIES])
    weights = made[tried.argmax(0), torch.arange(made.shape[1])]
    return Decoder(mean, scale, weights), _r2(standard[:, half:], targets[:, half:], weights)


def _fit(features: Tensor, targets: Tensor, games: int, share: float) -> Tensor:
    """Returns weights `[S, H, P]` fitted to the first games."""
    return ridge(features[:, :games].flatten(1, 2), targets[:, :games].flatten(1, 2), share)


def _r2(features: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Returns R² over all labels, `[S]`."""
    missed = (targets.flatten(1, 2) - features.flatten(1, 2) @ weights).square().sum((1, 2))
    return 1 - missed / targets.square().sum((1, 2, 3)).clamp(min=1e-12)


def content(family: MemoryPlanning, outputs: dict[str, Tensor], when: Moments) -> tuple[Decoder, dict[str, Tensor]]:
    """Returns the trained network's decoder, and R² `[S]` by name: `trained`, `untrained`, `seen`."""
    seen = torch.cat([one_hot(when.here, family.places), one_hot(when.goal, family.places)], -1)
    trained, r2 = fitted(outputs["trained"], when.ahead, family.places)
    others = {"untrained": outputs["untrained"], "seen": seen}
    read = {name: fitted(features, when.ahead, family.places)[1] for name, features in others.items()}
    return trained, {"trained": r2, **read}


class Turns(NamedTuple):
    """Labels to which another first move leads.

    Attributes:
        label: `[S, R]`.
        moves: leading there within `AHEAD` steps, `[S, R, A]` (bool).
        there: whether any does, `[S, R]` (bool).
    """

    label: Tensor
    moves: Tensor
    there: Tensor


def turns(graph: Tensor, here: Tensor, chances: Tensor, draws: torch.Generator) -> Turns:
    """Returns off-path labels; graphs are `[S, R, P, 4]`, labels `[S, R]`, probabilities `[S, R, A]`."""
    once = _after(graph, here)
    twice = torch.stack([_after(graph, label) for label in once.unbind(-1)], -2)
    reach = one_hot(torch.cat([once.unsqueeze(-1), twice], -1), graph.shape[2]).amax(-2).bool()  # [S, R, 4, P]
    likely = chances[..., : len(MOVES)].argmax(-1)
    taken = reach.gather(2, likely.view(*likely.shape, 1, 1).expand(*likely.shape, 1, graph.shape[2])).squeeze(2)
    open_ = reach.any(2) & ~taken & ~one_hot(here, graph.shape[2]).bool()
    label = (torch.rand(open_.shape, generator=draws) + open_.float()).argmax(-1)
    moves = reach.gather(3, label.view(*label.shape, 1, 1).expand(*label.shape, len(MOVES), 1)).squeeze(-1)
    return Turns(label, torch.nn.functional.pad(moves, (0, 1)), open_.any(-1))


def _after(graph: Tensor, label: Tensor) -> Tensor:
    """Returns where each move leads from a label, `[S, R, 4]`."""
    return graph.gather(2, label.view(*label.shape, 1, 1).expand(*label.shape, 1, len(MOVES))).squeeze(2)


def cause(
    agents: Agents, decoder: Decoder, outputs: Tensor, labels: Tensor, turned: Turns, draws: torch.Generator
) -> dict[str, Tensor]:
    """Returns how much likelier the moves become, `[S]` by name; `random` is `[S, RANDOM]`.

    `outputs` are `[S, R, H]`, coming `labels` `[S, R]`.
    """
    mean, scale = (
        part.view(part.shape[0], -1, part.shape[-1])[:, :1] for part in (decoder.mean.mean(2), decoder.scale)
    )
    spread = ((outputs.double() - mean) / scale).norm(dim=-1).mean(1).view(-1, 1, 1)
    before = _likely(agents, outputs, turned.moves)

    def moved(direction: Tensor) -> Tensor:
        step = direction / direction.norm(dim=-1, keepdim=True).clamp(min=1e-12) * (RADIUS * spread) * scale
        gain = _likely(agents, outputs + step.float(), turned.moves) - before
        return (gain * turned.there).sum(1) / turned.there.sum(1).clamp(min=1)

    by_label = decoder.weights.mT
    random = [torch.randn(by_label.shape, generator=draws, dtype=torch.float64) for _ in range(RANDOM)]
    along = [_between(weights, labels, turned.label) for weights in (by_label, *random)]
    found = [moved(direction) for direction in along]
    own = _gradient(agents, outputs, turned.moves).double() * scale
    return {"effect": found[0], "random": torch.stack(found[1:], 1), "control": moved(own)}


def _between(by_label: Tensor, one: Tensor, other: Tensor) -> Tensor:
    """Returns the direction between two labels, `[S, R, H]`, from those of labels `[S, P, H]`."""
    ends = [by_label.gather(1, label.unsqueeze(-1).expand(*label.shape, by_label.shape[-1])) for label in (other, one)]
    return ends[0] - ends[1]


def _likely(agents: Agents, outputs: Tensor, moves: Tensor) -> Tensor:
    """Returns the probability of the moves, `[S, R]`."""
    return (agents.of_outputs(outputs) * moves).sum(-1)


@torch.enable_grad()
def _gradient(agents: Agents, outputs: Tensor, moves: Tensor) -> Tensor:
    """Returns the gradient of the moves' probability by outputs, `[S, R, H]`."""
    leaf = outputs.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(_likely(agents, leaf, moves).sum(), leaf)
    return gradient
