"""A trained agent: reset it, let it act, read and set its memory (docs/api.md).

It plays one lane (single values) or N (tensors).
"""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from ingredients.agent.network import Agent, flatten
from ingredients.agent.observation import Past, assemble
from ingredients.agent.policy import sample, sample_vector
from ingredients.api.module import AgentModule
from ingredients.api.play import BeforeStep, play_environment, play_tasks, tasks_for
from ingredients.errors import UsageError
from ingredients.experiment.brains import Brain
from ingredients.judgement.words import describe
from ingredients.tasks.family import Family
from ingredients.tasks.foreign import reward_scale
from ingredients.tasks.lifetime import starts_episode

Numbers = npt.ArrayLike | Tensor


class StoredAgent:
    """One run's agent after `train_step` environment steps.

    Raises:
        UsageError: `logits`, `inputs` or `output` before the first action.
    """

    def __init__(self, brain: Brain) -> None:
        """Starts a lifetime with seed 0 and one lane."""
        self._brain = brain
        self.run, self.train_step = brain.run, brain.train_step
        self.reset()

    def __repr__(self) -> str:
        """Returns whose agent it is."""
        about = f"cell {describe(self.run.cell)!r}, seed {self.run.seed}, train_step {self.train_step}"
        return f"StoredAgent(study {self._brain.study!r}, {about})"

    def reset(self, lanes: int | None = None, seed: int = 0) -> None:
        """Starts a lifetime with an empty memory.

        Args:
            lanes: lifetimes side by side; None is one, with single values.
            seed: of the choice of actions.

        Raises:
            UsageError: fewer than one lane.
        """
        if lanes is not None and lanes < 1:
            raise UsageError(f"reset: lanes must be at least 1, got {lanes}")
        brain = self._brain
        self._single = lanes is None
        self._lanes = lanes or 1
        self._t = 0
        self._luck = torch.Generator().manual_seed(seed)
        like = next(iter(brain.weights.values()))
        self._memory = brain.agent.memory.initial_state(1, self._lanes, brain.family.steps, like)
        self._inputs: Tensor | None = None
        self._output: Tensor | None = None
        self._heads: Tensor | None = None

    @property
    def architecture(self) -> Agent:
        """Its architecture, without weights."""
        return self._brain.agent

    @property
    def rows(self) -> Tensor:
        """Weights, `[1, P]`, as a stack of one run (`agent.network`)."""
        return flatten([{name: weight[0] for name, weight in self._brain.weights.items()}])

    @property
    def family(self) -> Family:
        """The tasks that it was trained on."""
        return self._brain.family

    @property
    def steps(self) -> int:
        """Number of steps since the lifetime's start."""
        return self._t

    def play(
        self,
        environment: gymnasium.Env[Any, Any] | None = None,
        *,
        lifetimes: int = 10,
        tasks: Numbers | None = None,
        seed: int = 0,
        greedy: bool = False,
        before_step: BeforeStep | None = None,
    ) -> pd.DataFrame:
        """Returns what the agent does, a row per step (`play`).

        Args:
            environment: a Gymnasium environment, for one lifetime; by default its family's fresh tasks.
            lifetimes: how many, each on its own task.
            tasks: ψ of each lifetime, `[N, D]`.
            seed: of all draws.
            greedy: take the likeliest actions.
            before_step: called with agent and step; may set the memory.

        Raises:
            UsageError: the environment does not fit.
        """
        if environment is not None:
            return play_environment(self, environment, self.family.episodes, seed, greedy, before_step)
        given = tasks_for(self.family, lifetimes, seed) if tasks is None else torch.as_tensor(np.asarray(tasks))
        return play_tasks(self, given.float(), seed, greedy, before_step)

    @torch.no_grad()
    def act(
        self,
        observation: Numbers,
        reward: Numbers | None = None,
        action: Numbers | None = None,
        episode_start: bool | Tensor | None = None,
        greedy: bool = False,
    ) -> Any:  # noqa: ANN401 - an int, an array or a tensor, as the observation was
        """Returns the agent's action, and updates its memory.

        Channels that its cell lacks are masked.

        Args:
            observation: `[observation_size]` or `[N, observation_size]`; a Gymnasium environment's as its family reads
                and scales it.
            reward: r_{t-1} as paid, a number or `[N]`, NaN where not observable; omitted only at the first step.
            action: a_{t-1} as carried out, a number or `[N]` (vectors `[A]` or `[N, A]`); likewise.
            episode_start: one for all or `[N]`; by default by counting steps. Give it on the axis of steps.
            greedy: take the likeliest action.

        Raises:
            UsageError: a shape is wrong, the lifetime is over, or reward or action is missing.
        """
        brain = self._brain
        as_tensor = isinstance(observation, Tensor)
        if self._t >= brain.family.steps:
            raise UsageError(f"the lifetime of {brain.family.steps} steps is over: call reset()")
        past = self._past(observation, reward, action, episode_start)
        self._inputs = assemble(brain.agent.layout, past, *self._shown())
        self._output, self._memory = brain.agent.step(brain.weights, self._memory, self._carry(), self._inputs)
        self._heads = brain.agent.heads(brain.weights, self._output)
        chosen = self._choice(greedy)
        self._t += 1
        return self._outwards(chosen, as_tensor)

    @property
    def logits(self) -> npt.NDArray[np.float32]:
        """Logits at the last step, `[A]` or `[N, A]`; means for vector actions."""
        logits: npt.NDArray[np.float32] = self._last(self._heads)[..., : self._brain.agent.layout.actions]
        return logits

    @property
    def inputs(self) -> npt.NDArray[np.float32]:
        """Masked input at the last step, `[F]` or `[N, F]` (`agent.observation`)."""
        return self._last(self._inputs)

    @property
    def output(self) -> npt.NDArray[np.float32]:
        """The memory's output at the last step, `[H]` or `[N, H]`."""
        return self._last(self._output)

    def _last(self, part: Tensor | None) -> npt.NDArray[np.float32]:
        if part is None:
            raise UsageError("the agent has not acted since reset()")
        last: npt.NDArray[np.float32] = self._outwards(part.clone(), False)
        return last

    def module(self) -> AgentModule:
        """Returns memory and head as a `torch.nn.Module` with named gates.

        Raises:
            UsageError: the agent sees images.
        """
        if self._brain.agent.eye.shapes():
            raise UsageError("module: this agent sees images, and a module has memory and head only")
        return AgentModule(self._brain)

    @property
    def memory(self) -> tuple[npt.NDArray[Any], ...]:
        """Copy of what the agent carries on: parts `[N, ...]` (single: `[...]`)."""
        return tuple(self._outwards(part.clone(), False) for part in self._memory)

    @memory.setter
    def memory(self, parts: Sequence[Numbers]) -> None:
        """Sets what the agent carries, for instance another lifetime's.

        Raises:
            UsageError: parts or shapes differ from `memory`'s.
        """
        if not isinstance(parts, Sequence) or len(parts) != len(self._memory):
            got = len(parts) if isinstance(parts, Sequence) else reprlib.repr(parts)
            raise UsageError(f"memory: must have {len(self._memory)} parts, as `memory` gives them, got {got}")
        given = enumerate(zip(parts, self._memory, strict=True))
        self._memory = tuple(self._inwards(part, f"memory part {place}", like) for place, (part, like) in given)

    def clone(self) -> StoredAgent:
        """Returns an independent agent at the same step."""
        other = StoredAgent(self._brain)
        other.reset(None if self._single else self._lanes)
        other._luck.set_state(self._luck.get_state())
        other._memory = tuple(part.clone() for part in self._memory)
        other._t = self._t
        return other

    # What the agent is shown

    def _past(
        self, observation: Numbers, reward: Numbers | None, action: Numbers | None, episode_start: bool | Tensor | None
    ) -> Past:
        layout = self._brain.agent.layout
        first = self._t == 0
        if not first and (reward is None or action is None):
            raise UsageError("act: after a lifetime's first step it takes (observation, reward, action)")
        shown = torch.zeros(1, self._lanes, layout.observation_size)
        shown = self._inwards(observation, "observation", shown)
        one = torch.ones(1, self._lanes, 1)
        none = torch.zeros(1, self._lanes, 1)
        starts = starts_episode(self._brain.family, self._t) if episode_start is None else episode_start
        blank = torch.zeros(1, self._lanes, layout.actions) if layout.continuous else none.long()
        paid = none if first else self._reward(reward)
        return Past(
            observation=shown,
            lifetime_start=one if first else none,
            episode_start=one if first else one * torch.as_tensor(starts).view(1, -1, 1),
            reward_tm1=paid.nan_to_num(0.0),
            action_tm1=blank if first else self._action(action, blank),
            reward_observed=(~paid.isnan()).float(),
        )

    def _reward(self, reward: Numbers | None) -> Tensor:
        assert reward is not None
        row = self._inwards(reward, "reward", torch.zeros(1, self._lanes))
        return (row * reward_scale(self._brain.family)).unsqueeze(-1)

    def _action(self, action: Numbers | None, blank: Tensor) -> Tensor:
        assert action is not None
        layout = self._brain.agent.layout
        if layout.continuous:
            return self._inwards(action, "action", blank)
        row = self._inwards(action, "action", blank.squeeze(-1)).unsqueeze(-1)
        if bool(((row < 0) | (row >= layout.actions)).any()):
            raise UsageError(f"act: action out of range; allowed: 0 to {layout.actions - 1}")
        return row

    def _shown(self) -> tuple[Tensor, Tensor]:
        """Returns whether r_{t-1} and a_{t-1} are shown, `[1, N, 1]`; graded channels are drawn."""
        levels = self.run.cell.reward_shown, self.run.cell.action_shown
        drawn = [torch.rand(1, self._lanes, 1, generator=self._luck) < level for level in levels]
        return drawn[0].float(), drawn[1].float()

    def _carry(self) -> Tensor:
        every = self.run.cell.wipe_every or self._brain.family.steps
        return torch.full((1, 1, 1), float(self._t % every != 0))

    def _choice(self, greedy: bool) -> Tensor:
        assert self._heads is not None
        layout = self._brain.agent.layout
        logits = self._heads[..., : layout.actions].contiguous()
        if layout.continuous:
            uniform = torch.rand(1, self._lanes, layout.actions, generator=self._luck)
            return logits if greedy else sample_vector(self._heads, uniform)
        uniform = torch.rand(1, self._lanes, generator=self._luck)
        return logits.argmax(-1) if greedy else sample(logits, uniform)

    # From the user's numbers to ours, and back

    def _inwards(self, given: Numbers, what: str, like: Tensor) -> Tensor:
        """Returns a copy `[1, N, ...]` (single: without N), shaped and typed as `like`."""
        wanted = like.shape[2:] if self._single else like.shape[1:]
        try:
            made = given if isinstance(given, Tensor) else torch.from_numpy(np.array(given))
        except (TypeError, ValueError):
            raise UsageError(f"{what}: must be numbers of shape {tuple(wanted)}, got {reprlib.repr(given)}") from None
        if tuple(made.shape) != tuple(wanted):
            raise UsageError(f"{what}: must have shape {tuple(wanted)}, got {tuple(made.shape)}")
        return made.detach().to(like.dtype, copy=True).reshape(like.shape)

    def _outwards(self, made: Tensor, as_tensor: bool) -> Any:  # noqa: ANN401 - as the user gave it
        part = made[0, 0] if self._single else made[0]
        if as_tensor:
            return part
        return part.item() if part.dim() == 0 else part.numpy()
