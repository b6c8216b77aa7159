"""A task distribution of the user's own: a class in a file beside the study (docs/tasks.md).

It is made of the keys of the study's section but `own`, and has `episodes`, `actions`, `observation_size`, `task_size`,
`draw_tasks`, `first` and `step` of `tasks.family.Family`; all else has the defaults of `OwnFamily`. Methods take any
leading shape, and draw nothing themselves.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ingredients.boundary.call import calling
from ingredients.boundary.failures import Failure
from ingredients.boundary.guard import Kept
from ingredients.gyms.recipe import imported, wrong
from ingredients.study.tasks import OwnTasks
from ingredients.tasks.family import Step
from ingredients.tasks.own_contract import check_family, shown

NEEDED = ("actions", "observation_size", "task_size", "draw_tasks", "first", "step")


@dataclass(frozen=True, eq=False)
class OwnFamily:
    """The user's family `given` with all defaults; tensors are copied in and out.

    `odd` tells which runs returned a number that is not finite, `[S]`.
    """

    given: Any
    name: str
    episodes: int
    actions: int
    observation_size: int
    task_size: int
    episode_steps: int = 1
    ends_early: bool = False
    continuous: bool = False
    observation_bounds: tuple[float, float] = (-float("inf"), float("inf"))
    noise_size: int = 0
    start_size: int = 0
    written: range = range(0)
    held_out: bool = True
    reward_scale: float = 1.0
    odd: dict[str, Tensor] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """T = K · L."""
        return self.episodes * self.episode_steps

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns the user's tasks `[count, task_size]`."""
        tasks = self._tensor("draw_tasks", self._call("draw_tasks", generator, count), (count, self.task_size))
        if self.odd.pop("draw_tasks").any():
            raise wrong(self.name, "draw_tasks holds numbers that are not finite")
        return tasks

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Delegates to the user's family."""
        return self._begun("first", tasks, self._call("first", tasks, start))

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Delegates to the user's family, else to `first`."""
        if not hasattr(self.given, "next_episode"):
            return self.first(tasks, start)
        return self._begun("next_episode", tasks, self._call("next_episode", tasks, state, start))

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Delegates to the user's family."""
        step = self._call("step", tasks, state, action, noise)
        if not isinstance(step, Step):
            raise wrong(self.name, f"step must return an ingredients.tasks.Step, got {shown(step)}")
        lead = tasks.shape[:-1]
        shapes = (state.shape, (*lead, self.observation_size), action.shape, *(lead,) * 5)
        kinds = (*(torch.float32,) * 2, action.dtype, *(torch.float32,) * 2, torch.bool, torch.bool, torch.float32)
        parts = {
            name: self._tensor(f"the {name} of step", part, shape, kind)
            for name, part, shape, kind in zip(Step._fields, step, shapes, kinds, strict=True)
            if part is not None or name != "reward_observed"
        }
        return Step(**parts)

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Delegates to the user's family, if it can."""
        if not hasattr(self.given, "best_episode_return"):
            return None
        best = self._call("best_episode_return", tasks)
        return None if best is None else self._tensor("best_episode_return", best, tasks.shape[:-1])

    def shown(self, tasks: Tensor, state: Tensor) -> Tensor | None:
        """Delegates to the user's family, if it can."""
        show = self._call("shown", tasks, state) if hasattr(self.given, "shown") else None
        return (
            None
            if show is None
            else self._tensor("what shown returns", show, (*tasks.shape[:-1], self.observation_size))
        )

    def take_failures(self) -> dict[int, Failure]:
        """Returns runs whose numbers were not finite since the last call."""
        found: dict[int, Failure] = {}
        for what, bad in self.odd.items():
            for run in torch.nonzero(bad).flatten().tolist():
                found.setdefault(run, Failure(f"{what} holds a number that is not finite"))
        self.odd.clear()
        return found

    def _call(self, what: str, *given: Any) -> Any:  # noqa: ANN401 - whatever came back
        """Returns what the user's method returns, given copies."""
        copies = [part.clone() if isinstance(part, Tensor) else part for part in given]
        with calling(lambda raised: wrong(self.name, f"{what} raised {raised}"), Kept):
            return getattr(self.given, what)(*copies)

    def _begun(self, what: str, tasks: Tensor, begun: Any) -> tuple[Tensor, Tensor]:  # noqa: ANN401 - whatever came back
        if not (isinstance(begun, tuple) and len(begun) == 2):
            raise wrong(self.name, f"{what} must return (state, observation), got {shown(begun)}")
        lead = tasks.shape[:-1]
        state = self._tensor(f"the state of {what}", begun[0], (*lead, *getattr(begun[0], "shape", (0,))[-1:]))
        return state, self._tensor(f"the observation of {what}", begun[1], (*lead, self.observation_size))

    def _tensor(
        self,
        what: str,
        given: Any,  # noqa: ANN401 - whatever came back
        shape: tuple[int, ...],
        dtype: torch.dtype = torch.float32,
    ) -> Tensor:
        """Returns a copy of the user's tensor, its shape and type checked, its numbers later."""
        if not isinstance(given, Tensor) or tuple(given.shape) != tuple(shape) or given.dtype != dtype:
            raise wrong(self.name, f"{what} must be {list(shape)} of {dtype}, got {shown(given)}")
        if given.is_floating_point() and given.dim():
            bad = ~torch.isfinite(given).flatten(1).all(1) if given.dim() > 1 else ~torch.isfinite(given)
            self.odd[what] = self.odd[what] | bad if what in self.odd and len(self.odd[what]) == len(bad) else bad
        return given.detach().clone()


def own_family(tasks: OwnTasks) -> OwnFamily:
    """Returns the user's family, checked on real shapes.

    Raises:
        StudyError: no such class, keys that it does not take, or a broken contract.
    """
    keywords = tasks.model_dump(exclude={"own"})
    maker = imported(tasks.own, f"a class with {', '.join(NEEDED)}")
    with calling(lambda raised: wrong(tasks.own, f"cannot be made with {keywords}: {raised}")):
        given = maker(**deepcopy(keywords))
    if lacking := [name for name in NEEDED if not hasattr(given, name)]:
        raise wrong(tasks.own, f"lacks {', '.join(lacking)}")
    fields = [name for name in OwnFamily.__dataclass_fields__ if name not in ("given", "name", "episodes", "odd")]
    said = {name: getattr(given, name) for name in fields if hasattr(given, name)}
    family = OwnFamily(given, tasks.own, tasks.episodes, **said)
    check_family(family)
    return family
