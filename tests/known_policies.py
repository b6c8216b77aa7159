"""Bandit policies of known mechanism, really played in numpy: what the rule of judgement is tried on.

Comes in: arms, pulls, tasks, how many runs. Goes out: for each policy a pool of runs with curves on blocks of tasks,
plain, swapped and under the control of the swap, made as `training.evaluation` makes them: the neighbour is the lane
before, the twin is on the lane's own task with the neighbour's luck, and r_{t-1} and a_{t-1} stay true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch

from ingredients.grid import Cell
from ingredients.judgement import INTERNAL, Calibration, CellInput, Judgement, RunCurves, judge_study
from ingredients.judgement.court import open_court
from ingredients.judgement.verdict import RunVerdict
from ingredients.judgement_input.curves import BlockCurves
from ingredients.judgement_input.references import read_references
from ingredients.references.bandit_gittins import gittins
from ingredients.study import Criterion

Array = npt.NDArray[Any]
BLOCKS, SEEDS = 20, 5
Run = TypeVar("Run")
Map = Callable[[Callable[[str], list[Any]], list[str]], Iterable[list[Any]]]
EXPECTED: dict[str, tuple[str, ...]] = {
    "random": ("none",),
    "fixed": ("none",),
    "win-stay-lose-shift": ("reactive",),
    "noisy win-stay-lose-shift": ("reactive",),
    "cycle": ("none",),
    "cycle from anywhere": ("none",),
    "clock": ("reactive",),
    "thompson": ("in-context",),
    "gittins": ("in-context",),
    "greedy": ("in-context",),
    "epsilon-greedy": ("in-context",),
    "window of ten": ("in-context",),
    "window of four": ("in-context",),
    "discounted counts": ("in-context",),
    "explore, then commit": ("in-context", "carried"),
    "first winner": ("carried",),
    "thompson, wrong prior": ("in-context", "carried"),
    "softmax habit with decay": ("in-context", "carried"),
    "elimination": ("in-context", "carried"),
    "habit without reward": ("none",),
    "task-rereading cheater": ("none",),
    "late cheater": ("reactive",),
}
"""What each policy is by its mechanism. One that commits carries what it found; whether it then earns more than a
reaction depends on how long it explored, and the same holds of slow learners. The cheaters read the task at every step,
so nothing that they carry matters. A habit without reward carries which arm it pulls, and nothing of the task.
"""
MIXTURES: tuple[tuple[str, str, float], ...] = (
    ("thompson", "random", 0.6),
    ("thompson", "random", 0.3),
    ("greedy", "win-stay-lose-shift", 0.6),
    ("gittins", "first winner", 0.5),
)
"""Cells of which each run is the first policy with this chance, else the second."""


@dataclass(frozen=True)
class Seen:
    """What a policy sees at a pull: t, the true last reward and arm (-1: none), uniforms `[N, A]`, and the task."""

    t: int
    reward: Array
    arm: Array
    luck: Array
    tasks: Array

    @property
    def any_arm(self) -> Array:
        """An arm drawn from the luck."""
        drawn: Array = (self.luck[:, 0] * self.luck.shape[1]).astype(int)
        return drawn


Memory = Array
Last = tuple[Array, Array]
"""The last reward and the last arm of each lane."""


@dataclass(frozen=True)
class Policy:
    """How a policy acts, what its memory `[N, slots, 2]` becomes after a pull, what is paid on top from some pull on.

    It has as many slots as arms unless it says another number.
    """

    act: Callable[[Memory, Seen], Array]
    update: Callable[[Memory, Array, Array, int], Memory] = lambda memory, arm, reward, t: memory
    bonus: tuple[int, float] = (0, 0.0)
    slots: int = 0


def counted(memory: Memory, arm: Array, reward: Array, t: int, keep: float = 1.0) -> Memory:
    """Returns the counts of wins and losses with one pull more, older ones discounted."""
    memory = memory * keep
    memory[np.arange(len(arm)), arm, np.where(reward > 0, 0, 1)] += 1
    return memory


def windowed(memory: Memory, arm: Array, reward: Array, t: int, steps: int) -> Memory:
    """Returns the last `steps` pulls, arm and reward, in the memory's first slots: slot t mod steps is overwritten."""
    memory = memory.copy()
    memory[:, t % steps, 0], memory[:, t % steps, 1] = arm + 1, reward
    return memory


def first_won(memory: Memory, arm: Array, reward: Array, t: int) -> Memory:
    """Returns the first arm that ever paid, plus one, in the first slot; 0 where none has."""
    memory = memory.copy()
    memory[:, 0, 0] = np.where((memory[:, 0, 0] == 0) & (reward > 0), arm + 1, memory[:, 0, 0])
    return memory


def advanced(memory: Memory, arm: Array, reward: Array, t: int) -> Memory:
    """Returns the arm that was pulled, in the first slot: where a cycle stands."""
    memory = memory.copy()
    memory[:, 0, 0] = arm
    return memory


def greedy(counts: Memory, seen: Seen) -> Array:
    """Pulls the arm of the highest posterior mean, ties by luck."""
    mean = (counts[..., 0] + 1) / (counts.sum(-1) + 2)
    arm: Array = (mean + 1e-9 * seen.luck).argmax(-1)
    return arm


def of_window(memory: Memory, seen: Seen) -> Array:
    """Pulls greedily by the last pulls alone."""
    arms = seen.luck.shape[1]
    pulled = [memory[..., 0] == arm + 1 for arm in range(arms)]
    wins = np.stack([(memory[..., 1] * of_arm).sum(1) for of_arm in pulled], -1)
    pulls = np.stack([of_arm.sum(1) for of_arm in pulled], -1)
    return greedy(np.stack([wins, pulls - wins], -1), seen)


def shift(memory: Memory, seen: Seen, noise: float = 0.0) -> Array:
    """Stays after a reward, moves on after none, and pulls any arm with a chance of `noise`."""
    arms = seen.luck.shape[1]
    moved = np.where(seen.reward > 0, seen.arm, (seen.arm + 1) % arms)
    free = (seen.arm < 0) | (seen.luck[:, 1] < noise)
    return np.where(free, seen.any_arm, moved).astype(int)


def softmax(strengths: Memory, seen: Seen, sharpness: float = 3.0) -> Array:
    """Samples an arm by the softmax of its decayed wins less its decayed losses."""
    gumbel = -np.log(-np.log(seen.luck + 1e-12) + 1e-12)
    arm: Array = (sharpness * (strengths[..., 0] - 0.5 * strengths[..., 1]) + gumbel).argmax(-1)
    return arm


def eliminate(counts: Memory, seen: Seen) -> Array:
    """Pulls in turn the arms that are less than two wins behind the leader; once one is out it stays so."""
    wins, pulls = counts[..., 0], counts.sum(-1)
    behind = wins.max(-1, keepdims=True) - wins >= 2
    arm: Array = (np.where(behind, np.inf, pulls) + 1e-9 * seen.luck).argmin(-1)
    return arm


def repeat(memory: Memory, seen: Seen) -> Array:
    """Pulls the arm of the first pull for good, whatever it paid."""
    return np.where(memory[:, 0, 0] > 0, memory[:, 0, 0] - 1, seen.any_arm).astype(int)


def first_pulled(memory: Memory, arm: Array, reward: Array, t: int) -> Memory:
    """Returns the first arm that was pulled, plus one, in the first slot."""
    memory = memory.copy()
    memory[:, 0, 0] = np.where(memory[:, 0, 0] == 0, arm + 1, memory[:, 0, 0])
    return memory


def explore_then(memory: Memory, seen: Seen, rounds: int) -> Array:
    """Pulls each arm so many times, then the best for good."""
    arms = seen.luck.shape[1]
    return np.full(len(memory), seen.t % arms) if seen.t < rounds * arms else greedy(memory, seen)


def stick(memory: Memory, seen: Seen) -> Array:
    """Pulls any arm until one pays, and that one for good."""
    return np.where(memory[:, 0, 0] > 0, memory[:, 0, 0] - 1, seen.any_arm).astype(int)


def thompson(counts: Memory, seen: Seen, wins: float = 1.0, losses: float = 1.0) -> Array:
    """Samples each arm's chance from its posterior, by the normal that has its mean and variance.

    The prior is Beta(wins, losses); the tasks are of Beta(1, 1).
    """
    a, b = counts[..., 0] + wins, counts[..., 1] + losses
    normal = np.sqrt(-2 * np.log(seen.luck + 1e-12)) * np.cos(2 * np.pi * np.roll(seen.luck, 1, -1))
    arm: Array = (a / (a + b) + normal * np.sqrt(a * b / ((a + b) ** 2 * (a + b + 1)))).argmax(-1)
    return arm


def best_from(memory: Memory, seen: Seen, first: int) -> Array:
    """Reads the task at every pull and carries nothing; before pull `first` it does not care."""
    return np.where(seen.t < first, seen.any_arm, seen.tasks.argmax(-1))


def indexed(index: Callable[[torch.Tensor, int], torch.Tensor]) -> Policy:
    """Returns the policy that pulls the arm of the highest index."""

    def act(counts: Memory, seen: Seen) -> Array:
        values = index(torch.from_numpy(counts), seen.t).numpy()
        chosen: Array = (values + 1e-9 * seen.luck).argmax(-1)
        return chosen

    return Policy(act, counted)


def policies(arms: int, pulls: int) -> dict[str, Policy]:
    """Returns every policy by its name."""
    return {
        "random": Policy(lambda memory, seen: seen.any_arm),
        "fixed": Policy(lambda memory, seen: np.zeros(len(memory), int)),
        "win-stay-lose-shift": Policy(shift),
        "noisy win-stay-lose-shift": Policy(partial(shift, noise=0.2)),
        "cycle": Policy(lambda memory, seen: np.full(len(memory), seen.t % arms)),
        "cycle from anywhere": Policy(
            lambda memory, seen: ((memory[:, 0, 0] + 1) % arms).astype(int) if seen.t else seen.any_arm, advanced
        ),
        "clock": Policy(lambda memory, seen: seen.any_arm, bonus=(pulls // 5, 0.4)),
        "thompson": Policy(thompson, counted),
        "gittins": indexed(gittins(pulls)),
        "greedy": Policy(greedy, counted),
        "epsilon-greedy": Policy(
            lambda counts, seen: np.where(seen.luck[:, 1] < 0.1, seen.any_arm, greedy(counts, seen)), counted
        ),
        "window of ten": Policy(of_window, partial(windowed, steps=10), slots=10),
        "window of four": Policy(of_window, partial(windowed, steps=4), slots=4),
        "discounted counts": Policy(greedy, partial(counted, keep=0.9)),
        "explore, then commit": Policy(partial(explore_then, rounds=2), counted),
        "first winner": Policy(stick, first_won),
        "thompson, wrong prior": Policy(partial(thompson, wins=4.0), counted),
        "softmax habit with decay": Policy(softmax, partial(counted, keep=0.95)),
        "elimination": Policy(eliminate, counted),
        "habit without reward": Policy(repeat, first_pulled),
        "task-rereading cheater": Policy(partial(best_from, first=0)),
        "late cheater": Policy(partial(best_from, first=pulls // 5)),
    }


def played(policy: Policy, tasks: Array, seed: int, pulls: int) -> RunCurves:
    """Returns a run of the policy on `tasks` `[N, A]` with the luck of a seed."""
    rng = np.random.default_rng(seed)
    lanes, arms = tasks.shape
    luck, paid = rng.random((pulls, lanes, arms)), rng.random((pulls, lanes))
    half, start = pulls // 2, np.zeros((lanes, policy.slots or arms, 2))

    def stretch(
        memory: Memory, last: tuple[Array, Array], steps: range, roll: int = 0
    ) -> tuple[list[Array], Memory, tuple[Array, Array]]:
        earned, (reward, arm) = [], last
        for t in steps:
            seen = Seen(t, reward, arm, np.roll(luck[t], roll, 0), tasks)
            arm = policy.act(memory, seen)
            chance = tasks[np.arange(lanes), arm]
            reward = (np.roll(paid[t], roll, 0) < chance).astype(float)
            earned.append(chance + (policy.bonus[1] if t >= policy.bonus[0] else 0.0))
            memory = policy.update(memory, arm, reward, t)
        return earned, memory, (reward, arm)

    nothing = (np.zeros(lanes), np.full(lanes, -1))
    early, memory, last = stretch(start, nothing, range(half))
    _, of_twin, _ = stretch(start, nothing, range(half), roll=1)
    branches = {"none": memory, "swapped": np.roll(memory, 1, 0), "same": of_twin}
    curves = {name: _blocks(early + stretch(each, last, range(half, pulls))[0]) for name, each in branches.items()}
    return RunCurves(
        seed=seed,
        plain=curves["none"].mean(0),
        swapped={INTERNAL: curves["swapped"].mean(0)},
        on_blocks=BlockCurves(curves["none"], {INTERNAL: curves["swapped"]}, {INTERNAL: curves["same"]}),
    )


def _blocks(earned: list[Array]) -> Array:
    return np.stack([part.mean(1) for part in np.array_split(np.stack(earned), BLOCKS, axis=1)])


@dataclass(frozen=True)
class Pools:
    """Runs of every policy by its name, and the references."""

    runs: dict[str, list[RunCurves]]
    references: dict[str, object]


def pools(arms: int, pulls: int, tasks: int, runs: int, each: Map = map) -> Pools:
    """Returns so many runs of every policy, all on the same tasks, as in a study; `each` may be parallel."""
    names = list(policies(arms, pulls))
    found = dict(zip(names, each(partial(_runs_of, arms, pulls, tasks, runs), names), strict=True))
    reactive, yardstick = found["win-stay-lose-shift"][:SEEDS], found["gittins"][:SEEDS]
    return Pools(found, references_of(found["fixed"][0], reactive, yardstick))


def _runs_of(arms: int, pulls: int, tasks: int, runs: int, name: str) -> list[RunCurves]:
    of_study = np.random.default_rng([arms, pulls]).random((tasks, arms))
    policy = policies(arms, pulls)[name]
    return [played(policy, of_study, seed, pulls) for seed in range(runs)]


def drawn(of: Mapping[str, Sequence[Run]], rng: np.random.Generator) -> tuple[list[list[Run]], tuple[int, ...]]:
    """Returns the cells of a simulated study, five runs each, and of how many runs of each mixture the first played.

    Each policy is a cell; the last cells are `MIXTURES`.
    """
    seeds = rng.permutation(len(of["random"]))[:SEEDS]
    found, firsts = [[runs[seed] for seed in seeds] for runs in of.values()], []
    for first, second, share in MIXTURES:
        of_first = rng.random(SEEDS) < share
        firsts.append(int(of_first.sum()))
        found.append([of[first if one else second][seed] for one, seed in zip(of_first, seeds, strict=True)])
    return found, tuple(firsts)


def judged(of: Pools, rng: np.random.Generator) -> tuple[Judgement, tuple[int, ...]]:
    """Returns the judgement on a simulated study, and of how many runs of each mixture the first policy played."""
    found, firsts = drawn(of.runs, rng)
    return judge_study(_cells(found), read_references(of.references), Criterion()), firsts


def classified(of: Pools) -> tuple[dict[str, tuple[RunVerdict, ...]], Calibration]:
    """Returns the class of every run of the pools, and the gate.

    The cells have no memory-off sibling, so a run's class is the same in every study that it is drawn into.
    """
    court = open_court(_cells(list(of.runs.values())), read_references(of.references), Criterion())
    classes = zip(of.runs, map(court.classes, court.cells.values()), strict=True)
    return dict(classes), court.calibration


def _cells(found: Sequence[Sequence[RunCurves]]) -> list[CellInput]:
    return [CellInput(Cell(True, True, True, 2 + place), tuple(runs)) for place, runs in enumerate(found)]


def right_of_mixture(mixture: tuple[str, str, float], of_first: int) -> tuple[str, ...]:
    """Returns what a mixture is, by how many of its runs are of the first policy."""
    first, second, _ = mixture
    return EXPECTED[second] if of_first == 0 else EXPECTED[first] if of_first == SEEDS else ("mixed",)


def references_of(floor: RunCurves, reactive: list[RunCurves], yardstick: list[RunCurves]) -> dict[str, object]:
    """Returns what the store would keep of these references."""

    def entry(runs: list[RunCurves]) -> dict[str, object]:
        blocks = [run.on_blocks for run in runs if run.on_blocks is not None]
        named: Mapping[str, list[Array]] = {
            "none": [each.plain for each in blocks],
            "memory_swap": [each.swapped[INTERNAL] for each in blocks],
            "memory_swap_same": [each.control[INTERNAL] for each in blocks],
        }
        return {
            "exact": False,
            "expected_return": None,
            "curves": {name: [rows.mean(0).tolist() for rows in each] for name, each in named.items()},
            "blocks": {name: np.mean(each, axis=0).tolist() for name, each in named.items()},
        }

    known = {"floor": entry([floor]), "shift": entry(reactive), "gittins": entry(yardstick)}
    return {"floor": "floor", "reactive": "shift", "yardstick": "gittins", "references": known}
