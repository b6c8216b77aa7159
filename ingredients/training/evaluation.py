"""Evaluation: adaptation curves of trained agents, plain and under interventions.

Comes in: the agents' weights `[S, P]`, tasks, probes. Goes out: mean expected return of each episode, `[S, K]`.

A curve is made of the expected reward given ψ and the action (docs/design.md §6), so that the luck of the pay-outs is
no noise in it; the luck that the agent itself met stays. Luck is drawn for chunks of at most 512 lanes, the same for
every kind of memory; where a memory's state is large, a chunk is played in parts (`lanes_at_once`). Chunks and parts
are as equal as can be: memory stays bounded, and no lane lacks a neighbour, a lifetime on another task: the nearest
before it, since where tasks are few the very next may be on the same (`lifetime.others`).

Probes (docs/design.md §8). At the episode boundary half-way, with which episode K // 2 begins:

- `memory_swap`: the memory's state becomes that of the neighbour; r_{t-1} and a_{t-1} stay true, so that
  win-stay-lose-shift does not count as memory. An agent that learns in context follows the wrong past.
- `memory_swap_same`, its control: the memory's state becomes that of a *twin*, a lifetime on the lane's own task that
  meets the neighbour's luck. Both swaps bring the state of another lifetime; only the first brings another task. So
  what the first costs beyond the second is knowledge of the task, and not the shock of a strange state.
- `environment_swap`, where the agent can write on its environment: what it has written becomes what the neighbour has,
  and the changed state is what it is shown next, if the family can tell (`foreign.shown_again`). Who uses the
  environment as its memory follows the wrong past (claim 3). `environment_swap_same` is its control: what the twin has
  written.
- `memory_wipe`: initial memory, empty r and a, and the start flag, on the same task. Who learns in context learns anew.
- `task_switch`: the task becomes that of the neighbour; memory, r and a stay. Who learns in context adapts again.

Through the whole lifetime, beside the plain lifetimes with the same luck:

- `greedy`: the likeliest action instead of a sampled one.
- `reward_yoke`: what the channel shows as r_{t-1} was paid to the neighbour, in its plain lifetime; the environment
  answers as ever. `action_yoke`: the same with a_{t-1}. Who learns from the channel stops adapting.
- `action_tremble`: at a fifth of the steps (`TREMBLES`) the environment carries out another action than the agent
  chose, and the action channel alone tells. It costs everybody what those steps cost; one that relies on knowing what
  it intended, since it sees no action, it costs more than one that sees the same trembles.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from ingredients.agent.network import views
from ingredients.agent.observation import Past
from ingredients.tasks import lifetime
from ingredients.tasks.blocks import Blocks
from ingredients.tasks.family import Analysed, Family, Lived
from ingredients.tasks.foreign import most_lanes, steps_on_cpu
from ingredients.training.draws import at_step, evaluating, lifetime_draws, to_device
from ingredients.training.interaction import Draws, Lanes, Play, advance, all_wait, begin, nothing_past
from ingredients.training.staged import Seated, Stage, of_lanes_before
from ingredients.training.trainer import Setup

CHUNK_LANES = 512  # lanes whose luck is drawn at once; S × 512 × H floats of a recurrent state stay in the cache
FEWEST_LANES = 16
STATE_FLOATS = 2**21  # of a run's lanes at once: 64 MB for a stack of eight


class Scene(NamedTuple):
    """Who plays what, where the lifetimes are, the uniforms `[S, N, start_size]` that the episode started from.

    And who is whose neighbour, `[S, N]`.
    """

    play: Play
    lanes: Lanes
    start: Tensor
    neighbours: Tensor


def swap_memory(scene: Scene) -> Scene:
    """Returns lanes whose memory is that of their neighbour; everything else stays true."""
    memory = tuple(lifetime.of_others(part, scene.neighbours) for part in scene.lanes.memory)
    return scene._replace(lanes=replace(scene.lanes, memory=memory))


def swap_environment(scene: Scene) -> Scene:
    """Returns lanes that meet, and see, in their environment what their neighbour has written there."""
    written = lifetime.of_others(scene.lanes.world.state, scene.neighbours)
    world = lifetime.write(scene.play.family, scene.play.tasks, scene.lanes.world, written)
    past = replace(scene.lanes.past, observation=world.observation)
    return scene._replace(lanes=replace(scene.lanes, world=world, past=past))


def swap_memory_same(scene: Scene, twin: Scene) -> Scene:
    """Returns lanes whose memory is that of their twin, a lifetime on the same task; everything else stays true."""
    return scene._replace(lanes=replace(scene.lanes, memory=twin.lanes.memory))


def swap_environment_same(scene: Scene, twin: Scene) -> Scene:
    """Returns lanes that meet, and see, in their environment what their twin has written there."""
    world = lifetime.write(scene.play.family, scene.play.tasks, scene.lanes.world, twin.lanes.world.state)
    past = replace(scene.lanes.past, observation=world.observation)
    return scene._replace(lanes=replace(scene.lanes, world=world, past=past))


def wipe_memory(scene: Scene) -> Scene:
    """Returns lanes that remember nothing and are told that a lifetime starts; the environment goes on as it was."""
    initial, now = begin(scene.play, scene.start), scene.lanes
    past = nothing_past(scene.play, now.past.observation)
    return scene._replace(lanes=replace(now, memory=initial.memory, past=past))


def switch_task(scene: Scene) -> Scene:
    """Returns lanes on the task of their neighbour, where an episode begins; what the agent carries stays."""
    play = replace(scene.play, tasks=lifetime.of_others(scene.play.tasks, scene.neighbours))
    world = lifetime.begin(play.family, play.tasks, scene.start)
    past = replace(scene.lanes.past, observation=world.observation)
    return scene._replace(play=play, lanes=replace(scene.lanes, world=world, past=past))


def yoke_reward(own: Past, plain: Past, neighbours: Tensor) -> Past:
    """Returns what lies behind a lane, but for r_{t-1}, which is that of its neighbour in its plain lifetime."""
    return replace(own, reward_tm1=lifetime.of_others(plain.reward_tm1, neighbours))


def yoke_action(own: Past, plain: Past, neighbours: Tensor) -> Past:
    """Returns what lies behind a lane, but for a_{t-1}, which is that of its neighbour in its plain lifetime."""
    return replace(own, action_tm1=lifetime.of_others(plain.action_tm1, neighbours))


INTERVENTIONS: Mapping[str, Callable[[Scene], Scene]] = {
    "memory_swap": swap_memory,
    "environment_swap": swap_environment,
    "memory_wipe": wipe_memory,
    "task_switch": switch_task,
}
CONTROLS: Mapping[str, Callable[[Scene, Scene], Scene]] = {
    "memory_swap_same": swap_memory_same,
    "environment_swap_same": swap_environment_same,
}
YOKES: Mapping[str, Callable[[Past, Past, Tensor], Past]] = {"reward_yoke": yoke_reward, "action_yoke": yoke_action}
TREMBLE = "action_tremble"
PROBES = ("greedy", *INTERVENTIONS, *CONTROLS, *YOKES, TREMBLE)
_OF_THE_WRITTEN = ("environment_swap", "environment_swap_same")


def probes_of(family: Family) -> tuple[str, ...]:
    """Returns the probes that make sense for a family: what cannot be written on cannot be swapped."""
    return tuple(name for name in PROBES if name not in _OF_THE_WRITTEN or family.written)


class Evaluated(NamedTuple):
    """What evaluating a stack gave.

    Attributes:
        curves: `[S, K]` (float64) by name, `none` and each probe.
        blocks: the same on each of G blocks of the tasks, `[S, G, K]`: what an interval over tasks rests on.
        returns: what each plain lifetime earned, `[S, N]` (float64).
        statistics: of each run, the family's own analysis of its plain lifetimes; empty where it has none.
    """

    curves: dict[str, Tensor]
    blocks: dict[str, Tensor]
    returns: Tensor
    statistics: tuple[dict[str, float], ...]


def lanes_at_once(setup: Setup) -> int:
    """Returns how many lanes of a run are played together: 512, and fewer where the state of so many is large.

    Fewer, too, where each lane is an environment of its own. It follows from the study and the kind of memory, never
    from the stack: a run swaps with the same neighbours always.
    """
    a_lane = max(setup.agent.memory.state_floats(setup.family.steps), 1)
    return min(most_lanes(setup.family, CHUNK_LANES), max(FEWEST_LANES, STATE_FLOATS // a_lane))


@torch.no_grad()
def evaluate(
    setup: Setup, policy: Tensor, tasks: Tensor, probes: Sequence[str] = (), stage: Stage | None = None
) -> Evaluated:
    """Returns the agents' curves, and the returns of their plain lifetimes.

    Args:
        setup: the stack.
        policy: the agents' weights `[S, P]`.
        tasks: `[S, N, D]`, the same number for each run.
        probes: names of `PROBES`.
        stage: where a device plays (`stage_of`); it is kept from one evaluation of a stack to the next.
    """
    stage, returns = stage or stage_of(setup), []
    weights = views(policy, setup.agent.shapes()) if stage is None else stage.weights(policy)
    analysed = setup.family if isinstance(setup.family, Analysed) else None
    tallies = []
    total = {name: policy.new_zeros(policy.shape[0], setup.family.episodes).double() for name in ("none", *probes)}
    blocks = Blocks(tasks.shape[1])
    most = lanes_at_once(setup)
    for seated in _seated(setup, tasks, most) if stage is None else stage.seated(tasks, CHUNK_LANES, most):
        play = Play(setup.agent, setup.family, weights, seated.tasks, setup.stands_still)
        table = _Table(play, seated, stage)
        played = table.played(probes)
        if analysed is not None:
            tallies.append(analysed.tally(_lived(table.play.tasks, played.pasts)))
        blocks.add(played.rewards, setup.family.episodes)
        for name, rewards in played.rewards.items():
            total[name] += rewards.sum(-1).view(rewards.shape[0], setup.family.episodes, -1).sum(-1)
            if name == "none":
                returns.append(rewards.sum(1))
    curves = {name: curve.cpu() / tasks.shape[1] for name, curve in total.items()}
    statistics = tuple(map(analysed.statistics, torch.stack(tallies).sum(0).cpu())) if analysed is not None else ()
    return Evaluated(curves, blocks.means(), torch.cat(returns, dim=1).cpu(), statistics)


def _lived(tasks: Tensor, pasts: Sequence[Past]) -> Lived:
    """Returns lifetimes on `tasks` `[S, n, D]` from what lay behind the lanes before each step and after the last."""
    return Lived(
        tasks,
        observation=torch.stack([past.observation for past in pasts[:-1]], dim=1),
        action=torch.stack([past.action_tm1.squeeze(-1) for past in pasts[1:]], dim=1),
        reward=torch.stack([past.reward_tm1.squeeze(-1) for past in pasts[1:]], dim=1),
    )


def stage_of(setup: Setup) -> Stage | None:
    """Returns a stage where many lanes side by side pay: on a GPU, if the environments step there."""
    return Stage(setup) if setup.device.type == "cuda" and not steps_on_cpu(setup.family) else None


def _seated(setup: Setup, tasks: Tensor, most: int) -> Iterator[Seated]:
    """Yields lanes that are played together, chunk by chunk and at most so many at once."""
    for index, chunk in enumerate(_equal_parts(tasks, CHUNK_LANES, dim=1)):
        luck_of = evaluating(setup.stream)
        draws = to_device(lifetime_draws(setup.runs, setup.family, luck_of, index, chunk.shape[1]), setup.device)
        luck = (_equal_parts(part, most, dim=2) for part in draws[:-1])
        for part, *drawn in zip(_equal_parts(chunk, most, dim=1), *luck, strict=True):
            there = part.to(setup.device)
            yield Seated(there, Draws(*[*drawn, draws.carry]), lifetime.others(there))


def _equal_parts(whole: Tensor, most: int, dim: int) -> Sequence[Tensor]:
    return whole.tensor_split(-(-whole.shape[dim] // most), dim=dim)


@dataclass(frozen=True)
class _Table:
    """Lanes that are played together, what they met, the stage of a device, if any, and whether actions tremble."""

    play: Play
    seated: Seated
    stage: Stage | None
    trembling: bool = False

    def played(self, probes: Sequence[str]) -> _Played:
        """Returns what the lifetimes give; interventions branch off the plain ones half-way."""
        steps, half = self.play.family.steps, lifetime.half_way(self.play.family)
        draws, neighbours = self.seated.draws, self.seated.neighbours
        first, midway = draws.start[0], draws.start[self.play.family.episodes // 2]
        opening = Scene(self.play, begin(self.play, first), first, neighbours)
        early = self._stretch(opening, range(half))
        early = early._replace(scene=early.scene._replace(start=midway))
        late = self._stretch(early.scene, range(half, steps))
        made = {"none": torch.cat([early.rewards, late.rewards], dim=1)}
        twin = self._twin() if CONTROLS.keys() & set(probes) else early.scene
        for name in probes:
            if name in INTERVENTIONS or name in CONTROLS:
                changed = CONTROLS[name](early.scene, twin) if name in CONTROLS else INTERVENTIONS[name](early.scene)
                branched = self._stretch(changed, range(half, steps))
                made[name] = torch.cat([early.rewards, branched.rewards], dim=1)
            else:
                yoke = _Yoke(YOKES[name], (*early.pasts, *late.pasts)) if name in YOKES else None
                lived = replace(self, trembling=name == TREMBLE)
                made[name] = lived._stretch(opening, range(steps), name == "greedy", yoke).rewards
        return _Played(made, (*early.pasts, *late.pasts, late.scene.lanes.past))

    def _twin(self) -> Scene:
        """Returns, half-way, lifetimes on the lanes' own tasks with the luck of their neighbours."""
        draws, neighbours = self.seated.draws, self.seated.neighbours
        luck = Draws(*[*(of_neighbours(part, neighbours) for part in draws[:-1]), draws.carry])
        first = luck.start[0]
        opening = Scene(self.play, begin(self.play, first), first, neighbours)
        twins = replace(self, seated=self.seated._replace(draws=luck))
        return twins._stretch(opening, range(lifetime.half_way(self.play.family))).scene

    def _stretch(self, scene: Scene, steps: range, greedy: bool = False, yoke: _Yoke | None = None) -> _Stretch:
        """Returns what `steps` give; others branch off the same scene, so it is left as it was."""
        how = _PlayOptions(steps, greedy, yoke and yoke.change, self.seated.rings if self.trembling else 0)
        plain = yoke.plain if yoke else ()
        if self.stage is None:
            return _lived_through(how, scene, self.seated.draws, plain)
        program = functools.partial(_lived_through, how)
        return self.stage.play(how, program, scene, self.seated.draws, plain)


class _PlayOptions(NamedTuple):
    """How lanes go through some steps: with greedy actions, with another's past, with actions that tremble.

    Those tremble in so many rings of lanes, or in none.
    """

    steps: range
    greedy: bool
    yoke: Callable[[Past, Past, Tensor], Past] | None
    trembling: int


def _lived_through(how: _PlayOptions, scene: Scene, draws: Draws, plain: tuple[Past, ...]) -> _Stretch:
    """Returns what the steps give; `plain` is what lay behind the plain lanes at each step, where a yoke asks."""
    lanes = replace(scene.lanes, memory=tuple(part.clone() for part in scene.lanes.memory))
    rewards, pasts = [], []
    for t in how.steps:
        if how.yoke is not None:
            lanes = replace(lanes, past=how.yoke(lanes.past, plain[t], scene.neighbours))
        pasts.append(lanes.past)
        if all_wait(scene.play, lanes):
            lanes = replace(lanes, t=lanes.t + 1)
            rewards.append(torch.zeros_like(lanes.past.reward_tm1[..., 0]).double())
            continue
        met = at_step(draws, t)
        # whether a lane trembles is decided by the uniforms that choose the actions of the lane before it
        trembles = of_lanes_before(met.action, how.trembling) if how.trembling else None
        lanes, moment = advance(scene.play, lanes, met, how.greedy, trembles)
        rewards.append(moment.step.expected_reward.double())
    return _Stretch(scene._replace(lanes=lanes), torch.stack(rewards, dim=1), tuple(pasts))


def of_neighbours(part: Tensor, neighbours: Tensor) -> Tensor:
    """Returns draws `[T, S, n, ...]` with each lane's those of its neighbour `[S, n]`."""
    return lifetime.of_others(part, neighbours.expand(part.shape[0], -1, -1))


class _Played(NamedTuple):
    """What lifetimes gave.

    Attributes:
        rewards: each step's expected reward, `[S, T, n]` (float64), by name: `none` and each probe.
        pasts: what lay behind the plain lanes before each step, and after the last.
    """

    rewards: dict[str, Tensor]
    pasts: tuple[Past, ...]


class _Stretch(NamedTuple):
    """What some steps gave: where it ended, expected rewards `[S, t, n]`, what lay behind the lanes at each step."""

    scene: Scene
    rewards: Tensor
    pasts: tuple[Past, ...]


class _Yoke(NamedTuple):
    """What is done to the past of a lane, and what it is given: that of the plain lifetimes at each step."""

    change: Callable[[Past, Past, Tensor], Past]
    plain: tuple[Past, ...]
