"""Play in one environment, by chance or a policy, as arrays (docs/audit.md)."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from gymnasium import spaces

from ingredients.audit.flatten import has_quantities
from ingredients.audit.made import Made
from ingredients.audit.policy import Player
from ingredients.boundary.failures import in_short, ours
from ingredients.decoding.played import Flags, Numbers, PlayedSequences

STEPS, EPISODES, LONGEST = 10_000, 100, 200
MORE_STEPS, QUICK_SECONDS = 60_000, 2.0  # more, where enough was played so quickly
STICKS = 0.8
FAILED_IN_A_ROW = 20
UNIFORM, STICKY, POLICY = WAYS = ("uniform", "sticky", "policy")


@dataclass(frozen=True)
class Episode:
    """One episode: observations `[T + 1, O]`, actions `[T, C]` and raw, rewards `[T]`; `ended`: not cut."""

    seed: int
    chosen: list[Any]
    ended: bool
    seen: Numbers
    actions: Numbers
    rewards: Numbers


@dataclass
class Session:
    """Episodes of one way to play (`WAYS`), why others failed, how many were cut."""

    way: str
    quantities: bool
    episodes: list[Episode] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    cut: int = 0
    steps: int = 0
    seconds: float = 0.0

    @property
    def ended(self) -> Flags:
        """Which episodes were not cut, `[N]`."""
        return np.array([episode.ended for episode in self.episodes], np.bool_)

    def played(self) -> PlayedSequences:
        """Returns the episodes as equally long sequences, unseen beyond ends."""
        longest = max(len(episode.rewards) for episode in self.episodes)
        first = self.episodes[0]
        count = len(self.episodes)
        observation = np.zeros((count, longest + 1, first.seen.shape[1]))
        action, reward = np.zeros((count, longest, first.actions.shape[1])), np.zeros((count, longest))
        seen, acted = np.zeros((count, longest + 1), np.bool_), np.zeros((count, longest), np.bool_)
        for row, episode in enumerate(self.episodes):
            steps = len(episode.rewards)
            observation[row, : steps + 1], seen[row, : steps + 1] = episode.seen, True
            action[row, :steps], reward[row, :steps], acted[row, :steps] = episode.actions, episode.rewards, True
        schedule = np.broadcast_to(np.arange(longest, dtype=np.float64)[:, None], (count, longest, 1))
        number = np.arange(count)
        return PlayedSequences(
            observation, seen, action, reward, acted, schedule, number, self.quantities, self.way == UNIFORM
        )


class Chance:
    """Random play; each episode starts with a fresh action."""

    def __init__(self, actions: spaces.Space[Any], way: str, seed: int) -> None:
        """Seeds the actions, and the draws of when to repeat one."""
        actions.seed(seed)
        self._actions = actions
        self._way = way
        self._draw = np.random.default_rng(seed)
        self._next: Any = None

    def begins(self, seed: int) -> None:
        """Draws the first action."""
        self._next = self._actions.sample()

    def acts(self, shown: Any, reward: float) -> Any:  # noqa: ANN401 - of the environment's spaces
        """Returns the drawn action; draws or repeats the next."""
        action = self._next
        if self._way == UNIFORM or self._draw.random() >= STICKS:
            self._next = self._actions.sample()
        return action


def play(
    made: Made, way: str, *, seconds: float, first_seed: int, longest: int, player: Player | None = None
) -> Session:
    """Returns play of at most about `seconds`, in episodes of at most `longest` steps."""
    session = Session(way, has_quantities(made.actions))
    player = player or Chance(made.actions, way, first_seed)
    began = time.process_time()
    failed = 0

    def spent() -> float:
        return time.process_time() - began

    while not _enough(session, spent()) and spent() < seconds and failed < FAILED_IN_A_ROW:
        seed = first_seed + len(session.episodes) + len(session.failures)
        try:
            session.episodes.append(_episode(made, session, longest, seed, player))
            session.steps += len(session.episodes[-1].rewards)
            failed = 0
        except BaseException as error:
            if ours(error):
                raise
            session.failures.append(in_short(error))
            failed += 1
    session.seconds = spent()
    return session


def _enough(session: Session, spent: float) -> bool:
    least = session.steps >= STEPS and len(session.episodes) >= EPISODES
    return least and (spent > QUICK_SECONDS or session.steps >= MORE_STEPS)


def _episode(made: Made, session: Session, longest: int, seed: int, player: Player) -> Episode:
    player.begins(seed)
    seen = [made.reset(seed)]
    chosen = []
    actions = []
    over = False
    rewards: list[float] = []
    while not over and len(rewards) < longest:
        action = player.acts(made.shown, rewards[-1] if rewards else 0.0)
        observation, reward, over = made.step(action)
        seen.append(observation)
        chosen.append(action)
        actions.append(made.act(action))
        rewards.append(reward)
    session.cut += not over
    return Episode(seed, chosen, over, np.stack(seen), np.stack(actions), np.asarray(rewards))
