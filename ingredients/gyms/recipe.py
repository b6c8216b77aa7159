"""How an environment is made: id or class, keywords, wrappers."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium
from gymnasium.envs.registration import EnvSpec

from ingredients.boundary.call import calling
from ingredients.boundary.failures import in_short, ours, spelled
from ingredients.boundary.guard import AllKept
from ingredients.errors import StudyError
from ingredients.study import own_import
from ingredients.study.foreign import is_code
from ingredients.study.messages import nearest
from ingredients.study.own_source import TASKS

Environment = gymnasium.Env[Any, Any]

ENVIRONMENT = "a class, or a function, that makes a gymnasium.Env"
WRAPPER = "a class that wraps a gymnasium.Env"


@dataclass(frozen=True)
class Recipe:
    """How an environment is made; can be pickled.

    Attributes:
        name: a Gymnasium id, or `module:Name` of a class or function.
        wrappers: `module:Name` of each, outermost last.
        seeds_all: a reset also seeds spaces and shared generators (`boundary.luck`).
        copies: where results keep the user's files; by default as set when the recipe is made.
    """

    name: str
    keywords: Mapping[str, Any] = field(default_factory=dict)
    wrappers: tuple[str, ...] = ()
    seeds_all: bool = False
    copies: Path | None = field(default_factory=own_import.copies)

    def make(self, drawn: Mapping[str, Any] | None = None) -> Environment:
        """Returns an environment without Gymnasium's time limit; `drawn` overrides keywords, which are copied.

        Raises:
            StudyError: there is none, or it cannot be made.
        """
        keywords = {**self.keywords, **(drawn or {})}
        maker = self._imported(self.name, ENVIRONMENT) if is_code(self.name) else partial(_registered, self.spec)
        wrappers = [self._imported(wrapper, WRAPPER) for wrapper in self.wrappers]
        with calling(lambda raised: wrong(self.name, f"cannot be made with {keywords}: {raised}")):
            made = maker(**deepcopy(keywords))
            for wrapper in wrappers:
                made = wrapper(made)
        if not isinstance(made, gymnasium.Env):
            raise wrong(self.name, f"gives no gymnasium.Env, but a {type(made).__name__}")
        for space in ("observation_space", "action_space"):
            with calling(lambda raised, space=space: wrong(self.name, f"its {space} raised {raised}")):  # type: ignore[misc]
                found = getattr(made, space, None)
            if not isinstance(found, gymnasium.Space):
                raise wrong(self.name, f"its {space} is {spelled(found)}; expected: a gymnasium.Space")
        return made

    @property
    def spec(self) -> EnvSpec:
        """The registered spec, after importing a module before the id's colon.

        Raises:
            StudyError: nothing is registered.
        """
        module, colon, rest = self.name.partition(":")
        try:
            if colon:
                with AllKept():
                    importlib.import_module(module)
            return gymnasium.spec(rest if colon else self.name)
        except gymnasium.error.Error as error:
            known = {name.lower(): name for name in gymnasium.registry}
            guess = nearest(rest if colon else self.name, known)
            hint = f". Did you mean '{known[guess]}'?" if guess else "; an id of another package is package:Name-v0"
            raise wrong(self.name, f"{_not_there(error)}{hint}") from None
        except BaseException as error:
            if ours(error):
                raise
            raise wrong(self.name, f"{module} cannot be imported: {in_short(error)}") from error

    def time_limit(self) -> int | None:
        """Returns an episode's registered limit in steps, or None."""
        return None if is_code(self.name) else self.spec.max_episode_steps

    def parameters(self) -> dict[str, Any]:
        """Returns the maker's keywords with their defaults."""
        maker: Callable[..., Any]
        if is_code(self.name):
            maker = self._imported(self.name, ENVIRONMENT)
        else:
            made = self.make()
            maker = type(made.unwrapped)
            close(made)
        kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        try:
            found = list(inspect.signature(maker).parameters.values())
        except (ValueError, TypeError):  # one that is written in C
            found = []
        usual = {parameter.name: parameter.default for parameter in found if parameter.kind in kinds}
        registered = {} if is_code(self.name) else self.spec.kwargs
        return {**usual, **registered, **self.keywords}

    def _imported(self, name: str, wanted: str) -> Any:  # noqa: ANN401 - whatever a user wrote
        with nullcontext() if self.copies is None else own_import.copies_in(self.copies):
            return imported(name, wanted)


def close(made: Environment) -> None:
    """Closes an environment; its errors are ignored."""
    try:
        with AllKept():
            made.close()
    except BaseException as error:
        if ours(error):
            raise


def _not_there(error: gymnasium.error.Error) -> str:
    """Returns why an id is not registered."""
    if isinstance(error, gymnasium.error.DeprecatedEnv | gymnasium.error.VersionNotFound):
        return f"Gymnasium {gymnasium.__version__} does not have this version of it"
    return "Gymnasium knows no such environment"


def _registered(spec: EnvSpec, **keywords: Any) -> Environment:  # noqa: ANN401 - the environment's own
    return gymnasium.make(spec, max_episode_steps=-1, disable_env_checker=True, **keywords)


def imported(name: str, wanted: str) -> Any:  # noqa: ANN401 - whatever a user wrote
    """Returns what `module:Name` names, from Python's path, then the current folder; `wanted` is for the message.

    Raises:
        StudyError: no such module, or no such callable in it.
    """
    found = own_import.imported(name, TASKS, callable)
    if not callable(found):
        raise wrong(name, f"{name.partition(':')[2]} is a {type(found).__name__}; wanted: {wanted}")
    return found


def wrong(name: str, what: str) -> StudyError:
    """Returns the error for the tasks `name`."""
    return own_import.wrong(name, TASKS, what)
