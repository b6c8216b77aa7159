"""What an environment leaks: how well r_{t-1} and a_{t-1} are decoded from what it shows (DESIGN §2, trap 8).

Comes in: a family. Goes out: for reward and action a decoder's accuracy on lifetimes it was not fitted to, against what
the schedule alone gives away, as JSON.

Lifetimes on evaluation tasks are played by uniformly random actions (vectors: uniform on [−1, 1], which an environment
reads in full), so nothing is decoded from habits of a policy. A step's features are what the environment shows at t −
1, t and t + 1 (an episode's early end shows only one step later) and the change from t − 1 to t: what every cell sees,
never a channel; and the *schedule*: the flag of an episode's start, the step of the episode, that of the lifetime.
What takes longer to come to light counts as not leaked, and so does what must be read otherwise on every task. Targets
are classes: actions (of a vector its first component), values of the reward where there are few, else their place
among the quartiles. The decoder is a random forest fitted to one half of the lifetimes.

leak = (accuracy − base rate) / (1 − base rate) on the other half: 0 is nothing, 1 is everything. The base rate is what
is told without any observation: by the same decoder fitted to the schedule alone, or by the commonest class there if
that is more. Where rewards come in one phase of the lifetime only, to see the phase is to know that most are 0; that
is no leak. The interval is over lifetimes, since steps of one lifetime are no independent draws. `leaks` says that its
lower bound is above `LEAKS_ABOVE`.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from sklearn.ensemble import RandomForestClassifier
from torch import Tensor

from ingredients.seeds import Purpose, generator
from ingredients.study import Study
from ingredients.tasks import lifetime, make_family
from ingredients.tasks.family import Family
from ingredients.training.draws import evaluation_tasks

LEAKS_ABOVE: Final = 0.1
STEPS, FEWEST_LIFETIMES, MOST_LIFETIMES = 24_000, 40, 400
MOST_ROWS = 8_000  # a half; more steps make the decoder slower, not better
MOST_CLASSES = 12
TREES, LEAST_LEAF = 40, 3
DEVIATIONS: Final = 1.96  # of a normal distribution, for 95%

Numbers = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Leak:
    """How well one quantity is decoded.

    Attributes:
        leak: 0 is the base rate, 1 is every step; None where there is nothing to decode.
        low, high: its 95% interval.
        accuracy: of the decoder on held-out lifetimes.
        base_rate: what is told by the schedule alone.
        classes: how many classes it has.
        leaks: whether `low` is above `LEAKS_ABOVE`.
        reason: why there is nothing to decode.
    """

    leak: float | None = None
    low: float | None = None
    high: float | None = None
    accuracy: float | None = None
    base_rate: float | None = None
    classes: int = 1
    leaks: bool | None = None
    reason: str | None = None


class _Played(NamedTuple):
    """Steps of random play, a row each: features `[R, F]`, reward `[R]`, action `[R]`, number of the lifetime `[R]`.

    `schedule` `[R, 3]` are those of the features that tell no lifetime from another.
    """

    features: Numbers
    schedule: Numbers
    reward: Numbers
    action: Numbers
    lifetime: Labels


def leakage(study: Study) -> dict[str, Any]:
    """Returns what the environment of a study leaks: `{"reward": {...}, "action": {...}}`, each the keys of `Leak`."""
    return family_leakage(make_family(study.tasks))


@torch.no_grad()
def family_leakage(family: Family) -> dict[str, Any]:
    """Returns the same for a family; it takes some seconds, and gives the same numbers every time."""
    lanes = min(max(STEPS // family.steps, FEWEST_LIFETIMES), MOST_LIFETIMES)
    played = _play(family, lanes)
    fitted, tested = (_thinned(played, half) for half in (played.lifetime < lanes // 2, played.lifetime >= lanes // 2))
    choices = _quantities if family.continuous else _choices
    return {
        "reward": asdict(decode(fitted, tested, "reward", *_quantities(fitted.reward, tested.reward))),
        "action": asdict(decode(fitted, tested, "action", *choices(fitted.action, tested.action))),
    }


def decode(fitted: _Played, tested: _Played, name: str, known: Labels, asked: Labels) -> Leak:
    """Returns how well the classes `asked` of tested steps are told by a decoder fitted to those `known`."""
    if np.unique(known).size < 2:
        return Leak(reason=f"the {name} never differed in random play")
    values, counts = np.unique(asked, return_counts=True)
    if values.size < 2:
        return Leak(reason=f"the {name} is the same in every lifetime it could be tested on")
    wrong = _told(fitted.features, known, tested.features) != asked
    without = (_told(fitted.schedule, known, tested.schedule) != asked, asked != values[counts.argmax()])
    missed = min(without, key=np.sum)
    if not missed.any():
        return Leak(reason=f"the schedule alone tells the {name}")
    share, error = _ratio(wrong, missed, tested.lifetime)
    low, high = (1 - share + side * DEVIATIONS * error for side in (-1, 1))
    accuracy, base_rate = 1 - float(wrong.mean()), 1 - float(missed.mean())
    return Leak(1 - share, low, high, accuracy, base_rate, int(values.size), low > LEAKS_ABOVE)


def _told(features: Numbers, known: Labels, asked: Numbers) -> Labels:
    """Returns the classes that a decoder fitted to `features` gives to the rows `asked`."""
    forest = RandomForestClassifier(TREES, min_samples_leaf=LEAST_LEAF, random_state=0)
    told: Labels = forest.fit(features, known).predict(asked)
    return told


def _ratio(part: Flags, whole: Flags, lifetimes: Labels) -> tuple[float, float]:
    """Returns Σ part / Σ whole over steps and its standard error where lifetimes were drawn, not steps (linearised)."""
    place = np.unique(lifetimes, return_inverse=True)[1]
    parts, wholes = (np.bincount(place, weights=each) for each in (part, whole))
    ratio, count = float(parts.sum() / wholes.sum()), parts.size
    spread = float(((parts - ratio * wholes) ** 2).sum()) * count / max(count - 1, 1)
    return ratio, math.sqrt(spread) / float(wholes.sum())


def _choices(fitted: Numbers, tested: Numbers) -> tuple[Labels, Labels]:
    return fitted.astype(np.int64), tested.astype(np.int64)


def _quantities(fitted: Numbers, tested: Numbers) -> tuple[Labels, Labels]:
    """Returns numbers as classes: each value one where there are few, else where they lie among the quartiles.

    To lie on a quartile is a class of its own, so a value that most steps have does not swallow its neighbours. So is
    to lie on no known value.
    """
    fitted, tested = np.round(fitted, 6), np.round(tested, 6)
    values = np.unique(fitted)
    edges = values if values.size <= MOST_CLASSES else np.quantile(fitted, (0.25, 0.5, 0.75))
    return _place(edges, fitted), _place(edges, tested)


def _place(edges: Numbers, numbers: Numbers) -> Labels:
    """Returns 2i for a number between the edges i − 1 and i, and 2i + 1 for one on the edge i."""
    return np.searchsorted(edges, numbers, "left") + np.searchsorted(edges, numbers, "right")


def _thinned(played: _Played, chosen: Flags) -> _Played:
    """Returns the chosen rows, at most `MOST_ROWS` of them, drawn evenly."""
    rows = np.flatnonzero(chosen)
    if rows.size > MOST_ROWS:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST_ROWS, replace=False))
    numbers = (played.features[rows], played.schedule[rows], played.reward[rows], played.action[rows])
    return _Played(*numbers, played.lifetime[rows])


# Random play


def _play(family: Family, lanes: int) -> _Played:
    """Returns the steps of `lanes` lifetimes on evaluation tasks in which there was something to do."""
    draw = generator(0, Purpose.LEAKAGE)
    tasks = evaluation_tasks(family, lanes)
    world = lifetime.begin(family, tasks, torch.rand(lanes, family.start_size, generator=draw))
    shown, rewards, actions, acting = [world.observation], [], [], []
    for t in range(family.steps):
        idle = torch.zeros(lanes, dtype=torch.bool) if world.waiting is None else world.waiting
        noise = torch.rand(lanes, family.noise_size, generator=draw)
        world, step = lifetime.proceed(family, tasks, world, _random_action(family, lanes, draw), noise)
        if lifetime.starts_episode(family, t + 1):
            world = lifetime.next_episode(family, tasks, world, torch.rand(lanes, family.start_size, generator=draw))
        shown.append(world.observation)
        rewards.append(step.reward)
        actions.append(step.action[..., 0] if family.continuous else step.action)
        acting.append(~idle)
    return _rows(family, *(torch.stack(part) for part in (shown, rewards, actions, acting)))


def _rows(family: Family, shown: Tensor, rewards: Tensor, actions: Tensor, acting: Tensor) -> _Played:
    """Returns each step that has one after it as a row; `shown` is `[T + 1, N, O]`, the others `[T, N]`."""
    before, now, after = shown[:-2], shown[1:-1], shown[2:]
    steps, lanes = now.shape[:2]
    step = torch.arange(1, steps + 1)
    starts = torch.tensor([lifetime.starts_episode(family, t + 1) for t in range(steps)])
    clock = torch.stack([starts.long(), step % family.episode_steps, step], dim=-1).to(now.dtype)
    schedule = clock.unsqueeze(1).expand(-1, lanes, -1)
    features = torch.cat([before, now, after, now - before, schedule], dim=-1)
    number, kept = torch.arange(lanes).expand(steps, -1), acting[:-1]
    parts = (features, schedule, rewards[:-1], actions[:-1], number)
    return _Played(*(part[kept].double().numpy() if part is not number else part[kept].numpy() for part in parts))


def _random_action(family: Family, lanes: int, draw: torch.Generator) -> Tensor:
    if family.continuous:
        return torch.rand(lanes, family.actions, generator=draw) * 2 - 1
    return torch.randint(family.actions, (lanes,), generator=draw)
