"""What a memory holds of the last action and reward: the route "held in memory" (docs/design.md §5, trap 8).

- `action`: a_{t-1} from the output of step t − 1, before x_t is read: no channel or leak can tell it.
- `reward`: r_{t-1} from the output of step t.

The skill of a linear decoder (ridge on classes) on held-out lifetimes, 0 for a clock and 1 if perfect, is

    1 − (its errors) / (errors of predicting each step's commonest class)

The untrained network is the control.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ingredients.agent.network import views
from ingredients.training.draws import at_step, evaluating, lifetime_draws, to_device
from ingredients.training.evaluation import lanes_at_once
from ingredients.training.interaction import Play, advance, begin
from ingredients.training.trainer import Setup

ROWS, MOST_STEPS = 6_000, 64  # of a run: lifetimes times steps of each that are looked at
FEWEST_LANES, MOST_LANES = 64, 512
MOST_VALUES = 12  # of a reward, each a class; beyond that by quartile
RIDGE: Final = 1e-3  # of the features' mean square

Numbers = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


class _Rows(NamedTuple):
    """Steps of one run: features `[R, H]`, targets, steps and lifetimes `[R]`."""

    features: Numbers
    target: Numbers
    step: Labels
    lifetime: Labels


def lanes_of(setup: Setup, tasks: int) -> int:
    """Returns each run's number of lifetimes played."""
    asked = min(max(ROWS // min(setup.family.steps, MOST_STEPS), FEWEST_LANES), MOST_LANES)
    return min(asked, tasks, lanes_at_once(setup))


def carried_inside(setup: Setup, untrained: Tensor, trained: Tensor, tasks: Tensor) -> list[dict[str, float]]:
    """Returns each run's skills `action`, `reward`, and both with `_untrained`; empty without memory.

    `untrained` and `trained` are weights `[S, P]`, `tasks` `[S, N, D]`.
    """
    some = tasks[:, : lanes_of(setup, tasks.shape[1])]
    by_policy = {"": _skills(setup, trained, some), "_untrained": _skills(setup, untrained, some)}
    runs = range(len(setup.runs))
    return [
        {f"{name}{end}": skill for end, skills in by_policy.items() for name, skill in skills[run].items()}
        for run in runs
    ]


def _skills(setup: Setup, policy: Tensor, tasks: Tensor) -> list[dict[str, float]]:
    """Returns each run's skills; constant targets are left out."""
    played = _play(setup, policy, tasks)
    found: list[dict[str, float]] = []
    for index, run in enumerate(setup.runs):
        skills = {name: skill(rows(index)) for name, rows in played.items()} if run.cell.wipe_every != 1 else {}
        found.append({name: value for name, value in skills.items() if value is not None})
    return found


class _Play:
    """Recorded steps: outputs `[S, X, N, H]`, targets `[S, X, N]`, steps `[X]`."""

    def __init__(self, outputs: list[Tensor], targets: list[Tensor], acted: list[Tensor], steps: list[int]) -> None:
        """Stacks the steps."""
        self._outputs, self._targets = (torch.stack(part, 1).double().cpu().numpy() for part in (outputs, targets))
        self._acted = torch.stack(acted, 1).cpu().numpy()
        self._steps = np.array(steps)

    def __call__(self, run: int) -> _Rows:
        """Returns one run's acted rows."""
        acted = self._acted[run]
        places, lifetimes = np.nonzero(acted)
        return _Rows(self._outputs[run][acted], self._targets[run][acted], self._steps[places], lifetimes)


@torch.no_grad()
def _play(setup: Setup, policy: Tensor, tasks: Tensor) -> dict[str, _Play]:
    """Plays whole lifetimes; records steps spread over them."""
    lanes, steps = tasks.shape[1], setup.family.steps
    draws = to_device(lifetime_draws(setup.runs, setup.family, evaluating(setup.stream), 0, lanes), setup.device)
    weights = views(policy, setup.agent.shapes())
    play = Play(setup.agent, setup.family, weights, tasks.to(setup.device), setup.stands_still)
    now = begin(play, draws.start[0])
    looked_at = set(np.linspace(1, steps - 1, min(MOST_STEPS, steps - 1)).astype(int).tolist())
    outputs: dict[str, list[Tensor]] = {"action": [], "reward": []}
    targets: dict[str, list[Tensor]] = {"action": [], "reward": []}
    acted: list[Tensor] = []
    before, waited = None, None
    for t in range(steps):
        past = now.past
        now, moment = advance(play, now, at_step(draws, t))
        if t in looked_at and before is not None:
            outputs["action"].append(before)
            outputs["reward"].append(moment.output)
            targets["action"].append(past.action_tm1[..., 0])
            targets["reward"].append(past.reward_tm1[..., 0])
            acted.append(torch.ones_like(past.reward_tm1[..., 0]) > 0 if waited is None else waited < 1)
        before, waited = moment.output, moment.waiting
    return {name: _Play(outputs[name], targets[name], acted, sorted(looked_at)) for name in outputs}


def skill(rows: _Rows) -> float | None:
    """Returns the skill on held-out lifetimes; None if the commonest classes never err."""
    if len(np.unique(rows.target)) < 2:
        return None
    half = int(rows.lifetime.max() + 1) // 2
    fitted, tested = rows.lifetime < half, rows.lifetime >= half
    classes = _classes(rows.target, fitted)
    step = np.unique(rows.step, return_inverse=True)[1]
    chances = _by_step(np.eye(int(classes.max()) + 1)[classes], step, fitted)
    features = rows.features
    features = features - _by_step(features, step, fitted)
    wanted = np.eye(chances.shape[1])[classes] - chances
    weights = _ridge(features[fitted], wanted[fitted])
    told, without = (chances + features @ weights).argmax(1), chances.argmax(1)
    missed = int((without != classes)[tested].sum())
    return None if missed == 0 else 1 - float((told != classes)[tested].sum()) / missed


def _by_step(numbers: Numbers, step: Labels, fitted: npt.NDArray[np.bool_]) -> Numbers:
    """Returns for each row of `numbers` `[R, X]` its step's mean over fitted rows."""
    sums = np.zeros((int(step.max()) + 1, numbers.shape[1]))
    np.add.at(sums, step[fitted], numbers[fitted])
    means: Numbers = sums / np.maximum(np.bincount(step[fitted], minlength=len(sums)), 1)[:, None]
    return means[step]


def _ridge(features: Numbers, wanted: Numbers) -> Numbers:
    products = features.T @ features
    penalty = RIDGE * max(float(np.trace(products)) / len(products), 1e-12)
    return np.asarray(np.linalg.solve(products + penalty * np.eye(len(products)), features.T @ wanted), np.float64)


def _classes(target: Numbers, fitted: npt.NDArray[np.bool_]) -> Labels:
    """Returns numbers as classes: one per value if few, else by quartile."""
    values, classes = np.unique(np.round(target, 6), return_inverse=True)
    if len(values) <= MOST_VALUES:
        return classes.astype(np.int64)
    return np.searchsorted(np.unique(np.quantile(target[fitted], (0.25, 0.5, 0.75))), target).astype(np.int64)
