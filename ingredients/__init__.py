"""Which ingredients does in-context reinforcement learning need? An instrument for ablations of RL².

Each module imports only from those before it. In order:

    at_once       Ctrl-C during imports
    errors        users' mistakes
    seeds         random streams
    machine       cores and memory
    families      list of task families
    probes        list of probes
    boundary      calls of foreign code
    study         YAML -> Study
    grid          cells, runs, stacks, fingerprints
    cell_filter   --cells
    decoding      how much of one thing others tell
    gyms          foreign environments as rows of numbers
    tasks         task families, Gymnasium environments
    wrappers      channels and lifetime as Gymnasium wrappers
    references    floor, ceilings, classical algorithms
    agent         observation (where inputs are masked), memory, network
    training      rollout, learner, evaluation under probes
    inner         which algorithm runs inside a trained agent
    store         results/<study>/
    experiment    one stack from start to stored result
    engine        where jobs execute
    grid_run      jobs, time, progress
    judgement_input  curves and references
    judgement     statistics, verdict, conclusions
    console       terminal, errors, Ctrl-C
    report        terminal, figures, JSON
    api           Python API
    audit         what environments supply
    commands      the command `ingredients`

The Python API (docs/api.md) loads what it needs when first asked.

Importing the package registers every family with Gymnasium, without torch:

    >>> import gymnasium, ingredients
    >>> environment = gymnasium.make("ingredients/BernoulliBandit-v0", arms=5)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ingredients.at_once import AtOnce, is_program

with AtOnce(is_program()):
    import gymnasium

    from ingredients.families import FAMILIES

if TYPE_CHECKING:
    from ingredients.api.agent import StoredAgent
    from ingredients.api.evaluate import evaluate
    from ingredients.api.grid import plan, run_grid
    from ingredients.api.policies import load_sb3
    from ingredients.api.result import Result, load
    from ingredients.study import Study

__all__ = ["Result", "StoredAgent", "Study", "evaluate", "load", "load_sb3", "plan", "run_grid"]

_LAZY = {
    "Study": "study",
    "Result": "api.result",
    "StoredAgent": "api.agent",
    "evaluate": "api.evaluate",
    "load": "api.result",
    "load_sb3": "api.policies",
    "plan": "api.grid",
    "run_grid": "api.grid",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a class or a function
    """Returns a name of the Python API, whose module loads when first asked for."""
    if name not in _LAZY:
        raise AttributeError(f"module 'ingredients' has no attribute {name!r}")
    return getattr(importlib.import_module(f"ingredients.{_LAZY[name]}"), name)


def __dir__() -> list[str]:
    """Returns all names, those of the API among them."""
    return sorted([*globals(), *__all__])


for _spec in FAMILIES:
    gymnasium.register(
        id=_spec.gymnasium_id,
        entry_point="ingredients.tasks.environment:make",
        vector_entry_point="ingredients.tasks.vector_environment:make",
        kwargs={"family": _spec.name},
    )
