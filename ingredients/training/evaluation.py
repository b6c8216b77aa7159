"""Evaluation: adaptation curves of trained agents, plain and under probes (docs/design.md §6, §8).

At most 512 lanes share draws; nearly equal parts (`lanes_at_once`) are rings of neighbours (`lifetime.others`).
Half-way probes branch off plain lifetimes before episode K // 2.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from ingredients.agent.network import views
from ingredients.agent.observation import Past
from ingredients.probes import PROBES, spec_of_probe
from ingredients.tasks import lifetime
from ingredients.tasks.blocks import Blocks
from ingredients.tasks.family import Analysed, Family, Lived
from ingredients.tasks.foreign import most_lanes, points, steps_on_cpu
from ingredients.training.draws import at_step, evaluating, lifetime_draws, to_device
from ingredients.training.interaction import Draws, Play, advance, all_wait, begin
from ingredients.training.probes import intervention
from ingredients.training.scene import PLAIN, Intervention, Scene
from ingredients.training.staged import Seated, Stage, of_lanes_before
from ingredients.training.trainer import Setup

CHUNK_LANES = 512  # lanes whose luck is drawn at once; S × 512 × H floats of a recurrent state stay in the cache
FEWEST_LANES = 16
STATE_FLOATS = 2**21  # of a run's lanes at once: 64 MB for a stack of eight


def probes_of(family: Family) -> tuple[str, ...]:
    """Returns the probes that apply to a family."""
    return tuple(probe.name for probe in PROBES if family.written or not probe.written)


class Evaluated(NamedTuple):
    """Results of an evaluation.

    Attributes:
        curves: `[S, K]` (float64), for `none` and each probe.
        blocks: the same by block of tasks, `[S, G, K]`.
        returns: of plain lifetimes, `[S, N]` (float64).
        statistics: the family's own, of plain lifetimes, by run.
    """

    curves: dict[str, Tensor]
    blocks: dict[str, Tensor]
    returns: Tensor
    statistics: tuple[dict[str, float], ...]


def lanes_at_once(setup: Setup) -> int:
    """Returns how many of a run's lanes play together: 512, fewer with large states or own environments."""
    a_lane = max(setup.agent.memory.state_floats(setup.family.steps), 1)
    return min(most_lanes(setup.family, CHUNK_LANES), max(FEWEST_LANES, STATE_FLOATS // a_lane))


@torch.no_grad()
def evaluate(
    setup: Setup, policy: Tensor, tasks: Tensor, probes: Sequence[str] = (), stage: Stage | None = None
) -> Evaluated:
    """Returns the agents' curves, and their plain lifetimes' returns.

    `policy` is `[S, P]`, `tasks` `[S, N, D]`; a stack's evaluations share the `stage`.
    """
    stage = stage or stage_of(setup)
    returns = []
    weights = views(policy, setup.agent.shapes()) if stage is None else stage.weights(policy)
    analysed = setup.family if isinstance(setup.family, Analysed) else None
    tallies = []
    count = points(setup.family)
    total = {name: policy.new_zeros(policy.shape[0], count).double() for name in ("none", *probes)}
    blocks = Blocks(tasks.shape[1])
    most = lanes_at_once(setup)
    for seated in _seated(setup, tasks, most) if stage is None else stage.seated(tasks, CHUNK_LANES, most):
        play = Play(setup.agent, setup.family, weights, seated.tasks, setup.stands_still)
        table = _Table(play, seated, stage)
        played = table.played(probes)
        if analysed is not None:
            tallies.append(analysed.tally(_lived(table.play.tasks, played.pasts)))
        blocks.add(played.rewards, count)
        for name, rewards in played.rewards.items():
            total[name] += rewards.sum(-1).view(rewards.shape[0], count, -1).sum(-1)
            if name == "none":
                returns.append(rewards.sum(1))
    curves = {name: curve.cpu() / tasks.shape[1] for name, curve in total.items()}
    statistics = tuple(map(analysed.statistics, torch.stack(tallies).sum(0).cpu())) if analysed is not None else ()
    return Evaluated(curves, blocks.means(), torch.cat(returns, dim=1).cpu(), statistics)


def _lived(tasks: Tensor, pasts: Sequence[Past]) -> Lived:
    """Returns lifetimes on `tasks` `[S, n, D]`, with pasts before each step and at the end."""
    return Lived(
        tasks,
        observation=torch.stack([past.observation for past in pasts[:-1]], dim=1),
        action=torch.stack([past.action_tm1.squeeze(-1) for past in pasts[1:]], dim=1),
        reward=torch.stack([past.reward_tm1.squeeze(-1) for past in pasts[1:]], dim=1),
    )


def stage_of(setup: Setup) -> Stage | None:
    """Returns a stage if environments step on a GPU."""
    return Stage(setup) if setup.device.type == "cuda" and not steps_on_cpu(setup.family) else None


def _seated(setup: Setup, tasks: Tensor, most: int) -> Iterator[Seated]:
    """Yields lanes to play together."""
    for index, chunk in enumerate(_equal_parts(tasks, CHUNK_LANES, dim=1)):
        luck_of = evaluating(setup.stream)
        draws = to_device(lifetime_draws(setup.runs, setup.family, luck_of, index, chunk.shape[1]), setup.device)
        luck = (_equal_parts(part, most, dim=2) for part in draws[:-1])
        for part, *drawn in zip(_equal_parts(chunk, most, dim=1), *luck, strict=True):
            there = part.to(setup.device)
            yield Seated(there, Draws._make((*drawn, draws.carry)), lifetime.others(there))


def _equal_parts(whole: Tensor, most: int, dim: int) -> Sequence[Tensor]:
    return whole.tensor_split(-(-whole.shape[dim] // most), dim=dim)


@dataclass(frozen=True)
class _Table:
    """Lanes to play together, and their draws."""

    play: Play
    seated: Seated
    stage: Stage | None

    def played(self, probes: Sequence[str]) -> _Played:
        """Returns results of plain lifetimes and each probe."""
        episodes = self.play.family.episodes
        half = lifetime.half_way(self.play.family)
        opening = self._opening(self.seated.draws)
        early = self._stretch(opening, range(half))
        early = early._replace(scene=early.scene._replace(start=self.seated.draws.start[episodes // 2]))
        late = self._stretch(early.scene, range(half, self.play.family.steps))
        plain = _Plain(opening, early, (*early.pasts, *late.pasts))
        made = {"none": torch.cat([early.rewards, late.rewards], dim=1)}
        programs = {name: intervention(name) for name in probes}
        twin = self._twin() if any(probe.by_twin for probe in programs.values()) else early.scene
        for name, probe in programs.items():
            made[name] = self._probed(probe, plain, twin, spec_of_probe(name).throughout)
        return _Played(made, (*plain.pasts, late.scene.lanes.past))

    def _opening(self, draws: Draws) -> Scene:
        return Scene(self.play, begin(self.play, draws.start[0]), draws.start[0], self.seated.neighbours)

    def _twin(self) -> Scene:
        """Returns, half-way, lifetimes on the lanes' tasks with their neighbours' random numbers."""
        draws, neighbours = self.seated.draws, self.seated.neighbours
        luck = Draws._make((*(of_neighbours(part, neighbours) for part in draws[:-1]), draws.carry))
        twins = replace(self, seated=self.seated._replace(draws=luck))
        return twins._stretch(self._opening(luck), range(lifetime.half_way(self.play.family))).scene

    def _probed(self, probe: Intervention, plain: _Plain, twin: Scene, throughout: bool) -> Tensor:
        """Returns expected rewards under a probe, `[S, T, n]`."""
        steps = self.play.family.steps
        half = lifetime.half_way(self.play.family)
        if throughout:
            return self._stretch(plain.opening, range(steps), probe, plain.pasts).rewards
        changed = probe.at_half(plain.early.scene, twin)
        late = self._stretch(changed, range(half, steps), probe, plain.pasts)
        return torch.cat([plain.early.rewards, late.rewards], dim=1)

    def _stretch(
        self, scene: Scene, steps: range, probe: Intervention = PLAIN, pasts: tuple[Past, ...] = ()
    ) -> _Stretch:
        """Returns the results of `steps`; the scene is unchanged."""
        how = _PlayOptions(steps, probe.greedy, probe.past, self.seated.rings if probe.trembles else 0)
        behind_plain = pasts if probe.past is not None else ()
        if self.stage is None:
            return _lived_through(how, scene, self.seated.draws, behind_plain)
        program = functools.partial(_lived_through, how)
        return self.stage.play(how, program, scene, self.seated.draws, behind_plain)


class _PlayOptions(NamedTuple):
    """How lanes are played; actions tremble in `trembling` rings."""

    steps: range
    greedy: bool
    past: Callable[[Past, Past, Tensor], Past] | None
    trembling: int


def _lived_through(how: _PlayOptions, scene: Scene, draws: Draws, plain: tuple[Past, ...]) -> _Stretch:
    """Returns the steps' results; `plain` are plain lanes' pasts, if a probe needs them."""
    lanes = replace(scene.lanes, memory=tuple(part.clone() for part in scene.lanes.memory))
    rewards, pasts = [], []
    for t in how.steps:
        if how.past is not None:
            lanes = replace(lanes, past=how.past(lanes.past, plain[t], scene.neighbours))
        pasts.append(lanes.past)
        if all_wait(scene.play, lanes):
            lanes = replace(lanes, t=lanes.t + 1)
            rewards.append(torch.zeros_like(lanes.past.reward_tm1[..., 0]).double())
            continue
        met = at_step(draws, t)
        # a lane trembles by the action uniforms of the lane before it, independent of its own
        trembles = of_lanes_before(met.action, how.trembling) if how.trembling else None
        lanes, moment = advance(scene.play, lanes, met, how.greedy, trembles)
        rewards.append(moment.step.expected_reward.double())
    return _Stretch(scene._replace(lanes=lanes), torch.stack(rewards, dim=1), tuple(pasts))


def of_neighbours(part: Tensor, neighbours: Tensor) -> Tensor:
    """Returns the draws `[T, S, n, ...]` of neighbours `[S, n]`."""
    return lifetime.of_others(part, neighbours.expand(part.shape[0], -1, -1))


class _Played(NamedTuple):
    """Results of lifetimes.

    Attributes:
        rewards: expected, `[S, T, n]` (float64), for `none` and each probe.
        pasts: plain, before each step and after the last.
    """

    rewards: dict[str, Tensor]
    pasts: tuple[Past, ...]


class _Stretch(NamedTuple):
    """Results of steps: final scene, expected rewards `[S, t, n]`, pasts."""

    scene: Scene
    rewards: Tensor
    pasts: tuple[Past, ...]


class _Plain(NamedTuple):
    """Plain lifetimes; `pasts` are those before each step."""

    opening: Scene
    early: _Stretch
    pasts: tuple[Past, ...]
