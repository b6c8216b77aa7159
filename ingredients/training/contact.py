"""First contact with a user's tasks: seconds of random play."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ingredients.gyms.frames import words_of
from ingredients.gyms.recipe import Recipe, close
from ingredients.gyms.suggest import keywords_of, nothing_varies, suggestions
from ingredients.seeds import Purpose, generator
from ingredients.study import Study
from ingredients.study.axis import axis_of, by_episodes
from ingredients.study.messages import several
from ingredients.study.models import LONG_EPISODE
from ingredients.study.seeds import too_few
from ingredients.study.segmented import is_one_task
from ingredients.study.tasks import GymnasiumTasks, family_key
from ingredients.tasks import lifetime, make_family
from ingredients.tasks.family import Family
from ingredients.tasks.foreign import frames, take_failures
from ingredients.training.draws import evaluation_tasks

TASKS, EPISODES = 8, 3
FEW_EPISODES = 10  # in so few a curve over episodes has hardly a point before the task is known
SECONDS = 2.0  # of one play, at most
POSSIBLE = "possible: nothing here speaks against it; how much knowing the tasks helps is measured in training"
SLOW_STEP_SECONDS, TIMED_STEPS = 1e-3, 20

Row = tuple[str, str]


class RandomPlay(NamedTuple):
    """Observations `[T + 1, N, O]`, rewards `[T, N]`, acting flags `[T, N]`."""

    shown: Tensor
    paid: Tensor
    acting: Tensor
    seconds: float


def contact(study: Study) -> dict[str, Any]:
    """Returns findings on a study's tasks: `rows` of name and text, the last on verdicts.

    `vary`: what could vary if nothing does; `likely`: nothing speaks against verdicts.

    Raises:
        StudyError: tasks are missing, or break their contract.
    """
    family = make_family(by_episodes(study.tasks))
    take_failures(family)
    draw = generator(0, Purpose.LEAKAGE)
    tasks = evaluation_tasks(family, TASKS)
    starts = torch.rand(EPISODES, 1, family.start_size, generator=draw).expand(-1, TASKS, -1)
    once, again = (_play(family, tasks, starts, alike=True) for _ in range(2))
    free = _play(family, tasks, torch.rand(EPISODES, TASKS, family.start_size, generator=draw), alike=False)
    failed = take_failures(family)
    resets = _first(family, tasks[:1].expand(TASKS, -1), torch.rand(TASKS, family.start_size, generator=draw))
    rows = [
        ("spaces", f"{_spaces(family)}; {_lifetime(study, family)}"),
        ("tasks", _tasks(study, once)),
        ("resets", _resets(family, resets)),
    ]
    rows += [("seeds", _repeated(once, again)), ("random", _random(family, free)), ("speed", _speed(free))]
    if failed:
        rows.append(("failed", f"random play failed on {len(failed)} of {TASKS} tasks: {next(iter(failed.values()))}"))
    if (axis := _proposed_axis(study, family)) is not None:
        rows.append(("axis", axis))
    vary = _could_vary(study)
    against = list(_against(study, once, free))
    rows.append(("verdicts", f"unlikely: {'; '.join(against)}" if against else POSSIBLE))
    return {"rows": rows, "vary": vary, "likely": not against}


@torch.no_grad()
def _play(family: Family, tasks: Tensor, starts: Tensor, alike: bool) -> RandomPlay:
    """Plays as many episodes as `starts` `[K, N, S]`, with equal actions if `alike`."""
    draw = generator(1, Purpose.LEAKAGE)
    lanes = len(tasks)
    world = lifetime.begin(family, tasks, starts[0])
    began = time.perf_counter()
    shown, paid, acting = [world.observation], [], []
    for t in range(len(starts) * family.episode_steps):
        if t and lifetime.starts_episode(family, t):
            if time.perf_counter() - began > SECONDS:
                break
            world = lifetime.next_episode(family, tasks, world, starts[t // family.episode_steps])
        acting.append(torch.ones(lanes, dtype=torch.bool) if world.waiting is None else ~world.waiting)
        noise = torch.rand(1 if alike else lanes, family.noise_size, generator=draw).expand(lanes, -1)
        world, step = lifetime.proceed(family, tasks, world, _action(family, lanes, draw, alike), noise)
        shown.append(world.observation)
        paid.append(step.reward)
    return RandomPlay(torch.stack(shown), torch.stack(paid), torch.stack(acting), time.perf_counter() - began)


def _action(family: Family, lanes: int, draw: torch.Generator, alike: bool) -> Tensor:
    count = 1 if alike else lanes
    if family.continuous:
        return (torch.rand(count, family.actions, generator=draw) * 2 - 1).expand(lanes, -1).contiguous()
    return torch.randint(family.actions, (count,), generator=draw).expand(lanes).contiguous()


def _first(family: Family, tasks: Tensor, start: Tensor) -> Tensor:
    return family.first(tasks, start)[1]


def _spaces(family: Family) -> str:
    acts = f"a vector of {family.actions}" if family.continuous else f"one of {family.actions}"
    return f"an observation is {_shown(family)}, an action {acts}"


def _lifetime(study: Study, family: Family) -> str:
    """Returns a lifetime's length in words."""
    axis = axis_of(study.tasks)
    if axis.of_steps:
        return f"a lifetime is {axis.whole}, and a curve has {axis.points} bins of {several(axis.bin_steps, 'step')}"
    return f"a lifetime is {axis.whole} of at most {several(family.episode_steps, 'step')}"


def _shown(family: Family) -> str:
    images = [" × ".join(str(side) for side in frame) for frame in frames(family)]
    vector = family.observation_size - sum(words_of(frame) for frame in frames(family))
    parts = [f"an image of {size}" for size in images] + ([f"a vector of {vector}"] if vector or not images else [])
    return " and ".join(parts)


def _proposed_axis(study: Study, family: Family) -> str | None:
    """Returns that curves over steps show more; None if episodes are many, short, or nothing varies."""
    section = study.tasks
    if not isinstance(section, GymnasiumTasks) or not section.vary or axis_of(section).of_steps:
        return None
    if section.episodes > FEW_EPISODES or family.episode_steps < LONG_EPISODE:
        return None
    return (
        f"a lifetime has {section.episodes} long episodes (at most {FEW_EPISODES}, of {LONG_EPISODE} steps or more), "
        "so an agent may learn its task within the first, which a curve over episodes does not show; one over steps: "
        f"tasks.axis=steps, tasks.episode_steps={family.episode_steps}, tasks.episodes=1 or more"
    )


def _tasks(study: Study, once: RandomPlay) -> str:
    """Returns what a task is, and where tasks differ at equal seeds and actions."""
    section = study.tasks
    what = "drawn by your class"
    if isinstance(section, GymnasiumTasks):
        what = f"what varies is {', '.join(section.vary)}" if section.vary else "nothing varies: a task is a seed"
        what = "nothing varies: the task is the environment itself" if is_one_task(section) else what
    return f"{what}; under the same actions {_difference(once)}"


def _difference(once: RandomPlay) -> str:
    if _differs(once.shown[0]):
        return "tasks differ in the first observation already, so the task may be seen at once"
    parts = [name for name, part in (("observations", once.shown[1:]), ("rewards", once.paid)) if _differs(part)]
    if parts:
        return f"tasks differ in {' and '.join(parts)}, and not in the first observation"
    return f"no two of {TASKS} tasks differed in {len(once.paid)} steps"


def _differs(part: Tensor) -> bool:
    """Returns whether lanes (second dimension, or first) differ."""
    lanes = part if part.dim() == 2 and part.shape[0] == TASKS else part.transpose(0, 1)
    return bool((lanes != lanes[:1]).any())


def _resets(family: Family, resets: Tensor) -> str:
    if not family.start_size:
        return "the same for all episodes of a task"
    moving = int((resets != resets[:1]).any(0).sum())
    if not moving:
        return "all start alike: no number of the first observation differs between resets of one task"
    return f"{moving} of the {resets.shape[-1]} numbers of the first observation differ between resets of one task"


def _repeated(once: RandomPlay, again: RandomPlay) -> str:
    """Returns whether equal seeds and actions give equal results."""
    count = min(len(once.paid), len(again.paid))
    same = torch.equal(once.shown[: count + 1], again.shown[: count + 1]) and torch.equal(
        once.paid[:count], again.paid[:count]
    )
    if same:
        return f"two resets with one seed are the same, and so are the {count} steps after them"
    return "two resets with one seed are NOT the same: runs cannot be repeated, and tasks are compared by luck, too"


def _random(family: Family, free: RandomPlay) -> str:
    episodes = len(free.paid) // family.episode_steps
    per_episode = free.paid[: episodes * family.episode_steps].view(episodes, family.episode_steps, -1).sum(1)
    length = free.acting[: episodes * family.episode_steps].float().mean() * family.episode_steps
    deviation = float(per_episode.std()) if per_episode.numel() > 1 else 0.0
    low, high = (float(edge) for edge in free.paid[free.acting].aminmax())
    return (
        f"an episode earns {float(per_episode.mean()):.4g} (deviation {deviation:.3g} over {per_episode.numel()} "
        f"episodes) and takes {float(length):.4g} steps; a step pays from {low:.4g} to {high:.4g}"
    )


def _speed(free: RandomPlay) -> str:
    return f"{float(free.acting.sum()) / max(free.seconds, 1e-9):,.0f} steps/s in one process"


def slow_notice(study: Study, family: Family) -> str | None:
    """Returns that a step is slow, and what helps."""
    section = study.tasks
    if not isinstance(section, GymnasiumTasks) or section.vectorization == "async":
        return None
    seconds = _step_seconds(family)
    if seconds < SLOW_STEP_SECONDS:
        return None
    return (
        f"tasks {section.gymnasium}: a step takes {1000 * seconds:.2g} ms; where the grid has fewer stacks than this "
        "machine has cores, tasks.vectorization=async is faster: it steps environments in one process for each core"
    )


@torch.no_grad()
def _step_seconds(family: Family) -> float:
    """Returns the shortest seconds of a few steps, as other programs only prolong steps."""
    draw = generator(2, Purpose.LEAKAGE)
    tasks = evaluation_tasks(family, 1)
    until = time.perf_counter() + SECONDS
    took: list[float] = []
    while not took or (len(took) < TIMED_STEPS and time.perf_counter() < until):
        world = lifetime.begin(family, tasks, torch.rand(1, family.start_size, generator=draw))
        for _ in range(family.episode_steps):
            noise = torch.rand(1, family.noise_size, generator=draw)
            action = _action(family, 1, draw, alike=True)
            began = time.perf_counter()
            world, _ = lifetime.proceed(family, tasks, world, action, noise)
            took.append(time.perf_counter() - began)
            waits = world.waiting is not None and bool(world.waiting.all())
            if waits or len(took) >= TIMED_STEPS or time.perf_counter() > until:
                break
    return min(took)


def unvaried(study: Study) -> str | None:
    """Returns that nothing varies, and what could."""
    section = study.tasks
    if not isinstance(section, GymnasiumTasks) or section.vary:
        return None
    return f"tasks {section.gymnasium}: {_nothing_varies(study, section)}"


def _nothing_varies(study: Study, section: GymnasiumTasks) -> str:
    return nothing_varies(_could_vary(study), keywords_of(_recipe(section)), section.fresh_start)


def _could_vary(study: Study) -> dict[str, list[float]]:
    section = study.tasks
    if not isinstance(section, GymnasiumTasks) or section.vary:
        return {}
    made = (recipe := _recipe(section)).make()
    found = suggestions(recipe, made)
    close(made)
    return found


def _recipe(section: GymnasiumTasks) -> Recipe:
    return Recipe(section.gymnasium, section.keywords, tuple(section.wrappers))


def _against(study: Study, once: RandomPlay, free: RandomPlay) -> Iterator[str]:
    """Yields what speaks against verdicts, and what to change."""
    section = study.tasks
    if isinstance(section, GymnasiumTasks) and not section.vary:
        yield _nothing_varies(study, section)
    elif not (_differs(once.shown[0]) or _differs(once.shown[1:]) or _differs(once.paid)):
        yield (
            f"tasks that differ in {family_key(section)} show and pay the same under the same actions in "
            f"{len(once.paid)} random steps; vary something that matters sooner, or more of it, unless it matters only "
            "where random play seldom comes"
        )
    paid = free.paid[free.acting] if axis_of(section).of_steps else free.paid
    if axis_of(section).of_steps and bool((paid == paid[0]).all()):
        yield (
            f"random play was paid {float(paid[0]):.4g} at every step, and on the axis of steps an episode that ends "
            "is followed by the next: every policy earns the same. Let an end cost something (of CartPole-v1: "
            "keywords: {sutton_barto_reward: true}), or use axis: episodes"
        )
    elif bool((free.paid == free.paid[0, 0]).all()):
        yield f"random play was paid {float(free.paid[0, 0]):.4g} at every step, so nothing tells good from bad there"
    if few := too_few(study.seeds.count, study.criterion.confidence):
        yield few
