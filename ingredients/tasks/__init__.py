"""Task families: task distributions as batched pure tensor programs, one file each.

Comes in: the `tasks` section of a study. Goes out: a `Family`. In reading order: `family` (what one is), `foreign`
(what only some have), `constants`, `lifetime` (how its episodes follow one another), `blocks` (means over parts of the
tasks); ours: `bernoulli_bandit`, `dependent_bandit`, `gaussian_bandit`, `restless_bandit`, `informative_bandit`,
`causal_bandit`, `dark_room` with `maze`, `interval_reproduction`, `tabular_mdp`, `track_bandit`, `two_step` with
`stay_probability`; those of others: `gymnasium_family`, `own_family` with `own_contract`; `informed` (any of them, with
the task shown); `environment` and `vector_environment` (any of them as an ordinary Gymnasium environment).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ingredients.study.tasks import GymnasiumTasks, OwnTasks, Section
from ingredients.tasks.bernoulli_bandit import BernoulliBandit
from ingredients.tasks.causal_bandit import CausalBandit
from ingredients.tasks.dark_room import DarkRoom
from ingredients.tasks.dependent_bandit import DependentBandit
from ingredients.tasks.family import Family, Step
from ingredients.tasks.gaussian_bandit import GaussianBandit
from ingredients.tasks.gymnasium_family import gymnasium_family
from ingredients.tasks.informative_bandit import InformativeBandit
from ingredients.tasks.interval_reproduction import IntervalReproduction
from ingredients.tasks.own_family import own_family
from ingredients.tasks.restless_bandit import RestlessBandit
from ingredients.tasks.tabular_mdp import TabularMdp
from ingredients.tasks.track_bandit import TrackBandit
from ingredients.tasks.two_step import TwoStep

__all__ = ["Family", "Step", "make_family"]

# Each is made of what its section in `study.tasks` holds, under the same names.
_FAMILIES: Mapping[str, Callable[..., Family]] = {
    "bernoulli-bandit": BernoulliBandit,
    "dependent-bandit": DependentBandit,
    "gaussian-bandit": GaussianBandit,
    "restless-bandit": RestlessBandit,
    "informative-bandit": InformativeBandit,
    "causal-bandit": CausalBandit,
    "dark-room": DarkRoom,
    "interval-reproduction": IntervalReproduction,
    "tabular-mdp": TabularMdp,
    "track-bandit": TrackBandit,
    "two-step": TwoStep,
}


def make_family(tasks: Section) -> Family:
    """Returns the family that a study's `tasks` section names.

    Raises:
        StudyError: somebody else's environment or tasks are not there, or not what they have to be.
    """
    if isinstance(tasks, GymnasiumTasks):
        return gymnasium_family(tasks)
    if isinstance(tasks, OwnTasks):
        return own_family(tasks)
    settings = tasks.model_dump()
    return _FAMILIES[settings.pop("family")](**settings)
