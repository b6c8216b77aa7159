"""What a study is: frozen, validated, complete (docs/design.md §9); no rule ties `tasks` to other sections."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, PlainValidator, model_validator

from ingredients.study import fields
from ingredients.study.axis import axis_of
from ingredients.study.levels import (
    ALLOWED,
    BOUNDED_KINDS,
    INGREDIENTS,
    UNROLLED_KINDS,
    ChannelLevel,
    Ingredient,
    Level,
    MemoryKind,
    MemoryLevel,
    OneTask,
    TasksLevel,
    WipeEvery,
    canonical_level,
    known_by,
    level_data,
    level_text,
    memory_kind,
    with_siblings,
)
from ingredients.study.section import Section
from ingredients.study.seeds import Seeds, SeedsField
from ingredients.study.tasks import Tasks, foreign_kind, without_values
from ingredients.study.yaml_text import dump

MOST_RUNS = 100_000

TASKS_AT_POINTS = 256
EPOCHS, MINIBATCHES, LEARNING_RATE = 4, 4, 0.01
OF_WHOLE_LIFETIMES = (  # section, key, and what `auto` means there
    ("agent", "head_hidden", 0),
    ("learner", "epochs", EPOCHS),
    ("learner", "minibatches", MINIBATCHES),
    ("learner", "learning_rate", LEARNING_RATE),
)
_RATE = fields.number(0, 1, above=True)
LONG_EPISODE = 50  # steps from which an episode of somebody else's is long
FOREIGN_TASKS = 256  # a Python environment steps some hundred times slower than a tensor program
SHORT_AT_POINTS = 16  # where a curve is one over steps
LONG_TASKS, LONG_AT_POINTS = 64, 8  # evaluations of 200,000 steps of CartPole's 5 x 500 still play ten times as many


def _levels(ingredient: Ingredient) -> PlainValidator:
    """Returns the validator of one ingredient's levels."""

    def check(value: object) -> tuple[Level, ...]:
        if not isinstance(value, list | tuple):
            raise fields.mistake("must be a list of levels, such as [off, on]", value, ALLOWED[ingredient])
        if not value:
            raise fields.mistake("an ingredient without levels leaves an empty grid", value, ALLOWED[ingredient])
        levels = tuple(canonical_level(ingredient, entry) for entry in value)
        _each_once(levels, value)
        return levels

    return PlainValidator(check)


def _each_once(levels: Sequence[Level], given: object, because: str = "", keys: Sequence[str] = ()) -> None:
    """Refuses levels that are the same cell."""
    allowed = f"each level once{because}"
    for place, level in enumerate(levels):
        if level in levels[:place]:
            raise fields.mistake(f"level {level_text(level)} is given twice", given, allowed, keys=keys)


class Ingredients(Section):
    """The levels of each ingredient; the grid is their product."""

    reward_observation: Annotated[tuple[ChannelLevel, ...], _levels("reward_observation")] = (False, True)
    action_observation: Annotated[tuple[ChannelLevel, ...], _levels("action_observation")] = (False, True)
    memory: Annotated[tuple[MemoryLevel, ...], _levels("memory")] = (False, True)
    task_distribution: Annotated[tuple[TasksLevel, ...], _levels("task_distribution")] = (False, True)

    def levels(self, ingredient: Ingredient) -> tuple[Level, ...]:
        """Returns one ingredient's levels, in the order given."""
        levels: tuple[Level, ...] = getattr(self, ingredient)
        return levels

    def of_agent(self, agent_memory: str) -> Self:
        """Returns the levels relative to `agent.memory`, with siblings."""
        memory = tuple(known_by(agent_memory, level) for level in self.memory)
        given = [level_data(level) for level in self.memory]
        because = f" (agent.memory makes {agent_memory} on)"
        keys = ("ingredients.memory", "agent.memory")
        _each_once(memory, given, because, keys=keys)
        if agent_memory == "none" and any(level is True or isinstance(level, WipeEvery) for level in memory):
            raise fields.mistake("agent.memory none has nothing to carry", given, "off, or another kind", keys=keys)
        self._memories_can_be_random({agent_memory, *(level.kind for level in memory if isinstance(level, MemoryKind))})
        return self.model_copy(update={"memory": with_siblings(memory)})

    def can_be_cut(self, agent_memory: str) -> bool:
        """Returns whether training can cut lifetimes: every memory can be unrolled from where it is."""
        kinds = {agent_memory, *(level.kind for level in self.memory if isinstance(level, MemoryKind))}
        return kinds <= set(UNROLLED_KINDS) and OneTask.RANDOM_MEMORY not in self.task_distribution

    def _memories_can_be_random(self, kinds: set[str]) -> None:
        """Refuses random memories for kinds of memory without bounds."""
        others = sorted(kinds - set(BOUNDED_KINDS))
        if OneTask.RANDOM_MEMORY in self.task_distribution and others:
            keys = ("ingredients.task_distribution", "agent.memory")
            allowed = ", ".join(BOUNDED_KINDS)
            what = f"{OneTask.RANDOM_MEMORY} needs a memory whose state has bounds, and this study has {others[0]}"
            raise fields.mistake(what, [level_data(level) for level in self.task_distribution], allowed, keys=keys)


class AgentSettings(Section):
    """The agent of every cell.

    Attributes:
        memory: the kind that `off`, `on` and `{wipe_every: k}` mean.
        hidden: units of the memory, in multiples of 16, so that a run's bits do not depend on its stack.
        window: how many of the last inputs the memory `window` holds.
        head_hidden: units of a hidden layer between memory and policy; 0 is none. `auto` is `hidden` if lifetimes are
            trained in segments, else 0.
    """

    memory: Annotated[str, BeforeValidator(memory_kind)] = "gru"
    hidden: Annotated[int, BeforeValidator(fields.whole(16, 1024, multiple=16))] = 64
    window: Annotated[int, BeforeValidator(fields.whole(1, 1000))] = 8
    head_hidden: Annotated[
        int | Literal["auto"], PlainValidator(fields.or_auto(fields.whole(0, 1024, multiple=16)))
    ] = "auto"


def _segment(value: object) -> object:
    """Returns a number of steps, `auto`, or False for off."""
    return value if value is False else fields.or_auto(fields.whole(8, 10_000, because=", or off"))(value)


class LearnerSettings(Section):
    """Recurrent PPO over whole lifetimes (Duan et al. 2016; Schulman et al. 2017).

    The defaults are for lifetimes of ten to five hundred steps. What `auto` is depends on the lifetime's length; in
    segments, on the episode's length and on whether all that is shown is symbols (docs/learner.md).

    Attributes:
        train_steps: environment steps of a run, rounded up to whole rollouts.
        lifetimes: parallel lifetimes in a rollout of one run (`learner.rollout_lifetimes`).
        segment: steps of a lifetime in a rollout, each lane at its own pace; only for Gymnasium environments with
            memories that can be unrolled from where they are (`segmented.may_segment`). `auto` cuts lifetimes of long
            episodes (`segment_rules`); off trains on whole lifetimes. It decides what `auto` means elsewhere.
        epochs: passes over a rollout; `auto` is 4 for whole lifetimes, 10 for segments.
        minibatches: parts of a rollout, of whole lifetimes, so it must divide `lifetimes`; `auto` is 4.
        learning_rate: Adam's initial rate for policy and critic, which falls linearly to 0; `auto` is .01 for whole
            lifetimes, .001 for segments.
        discount: γ of a step, across episodes, to the lifetime's end (`learner.horizon_discount`); in segments, to the
            episode's end (`segment_rules.segment_discount`).
        gae_lambda: λ of the advantages (`learner.horizon_lambda`, for segments `segment_rules.segment_lambda`).
        entropy: initial weight of the policy's entropy (`learner.first_entropy`), which falls to 0, mostly early
            (`learner.entropy_share`).
        clip: of the probability ratio in the policy's loss.
        max_gradient_norm: limit of each run's gradient, for policy and critic apart.
        critic_sees_task: whether the critic sees ψ in training; the policy never does.
        expected_rewards: whether the learner uses a step's expectation given ψ instead of the reward drawn
            (`rollout.collect`); the agent always sees the reward drawn.
        reward_prediction: weight of an auxiliary loss, the prediction of the reward of the action taken
            (`learner.prediction_weight`); 0 is plain PPO.
    """

    train_steps: Annotated[int, BeforeValidator(fields.whole(1, 10_000_000_000))] = 600_000
    lifetimes: Annotated[int | Literal["auto"], PlainValidator(fields.or_auto(fields.whole(1, 65_536)))] = "auto"
    segment: Annotated[int | Literal["auto"] | bool, PlainValidator(_segment)] = "auto"
    epochs: Annotated[int | Literal["auto"], PlainValidator(fields.or_auto(fields.whole(1, 100)))] = "auto"
    minibatches: Annotated[int | Literal["auto"], PlainValidator(fields.or_auto(fields.whole(1, 65_536)))] = "auto"
    learning_rate: Annotated[float | Literal["auto"], PlainValidator(fields.or_auto(_RATE))] = "auto"
    discount: Annotated[float | Literal["auto"], PlainValidator(fields.or_auto(fields.number(0, 1, below=True)))] = (
        "auto"
    )
    gae_lambda: Annotated[float | Literal["auto"], PlainValidator(fields.or_auto(fields.number(0, 1)))] = "auto"
    entropy: Annotated[float | Literal["auto"], PlainValidator(fields.or_auto(fields.number(0, 10)))] = "auto"
    clip: Annotated[float, BeforeValidator(fields.number(0, 10, above=True))] = 0.2
    max_gradient_norm: Annotated[float, BeforeValidator(fields.number(0, 1e6, above=True))] = 0.5
    critic_sees_task: Annotated[bool, BeforeValidator(fields.switch)] = True
    expected_rewards: Annotated[bool, BeforeValidator(fields.switch)] = True
    reward_prediction: Annotated[float | Literal["auto"], PlainValidator(fields.or_auto(fields.number(0, 1000)))] = (
        "auto"
    )

    @model_validator(mode="after")
    def _minibatches_hold_whole_lifetimes(self) -> Self:
        minibatches = MINIBATCHES if self.minibatches == "auto" else self.minibatches
        if self.lifetimes != "auto" and self.lifetimes % minibatches:
            allowed = f"a divisor of learner.lifetimes = {self.lifetimes}"
            raise fields.mistake("cuts lifetimes apart", minibatches, allowed, keys=("minibatches", "lifetimes"))
        return self


class EvaluationSettings(Section):
    """Held-out tasks on which runs are scored, at the end and during training.

    Attributes:
        tasks: held-out tasks at the end of training.
        points: evaluation points during training.
        tasks_at_points: tasks at each evaluation point.
        stream: number of the random stream of evaluation tasks and luck; tune and publish with different ones.
        reactive_agents: memoryless agents trained for each combination of channels; the best is a hurdle of the verdict
            rule (`experiment.memoryless`). 0 is none, `auto` takes at most about a quarter of the training.
        analysis: of the stored agents. `inner_algorithm`: which algorithm they run; only families whose values are
            known (docs/inner-algorithm.md). `planning`: signs of it; only the memory & planning game.
    """

    tasks: Annotated[
        int, BeforeValidator(fields.whole(2, 10_000_000, because=" (a swap needs a lifetime on another task)"))
    ] = 10_000
    points: Annotated[int, BeforeValidator(fields.whole(2, 1000))] = 12
    tasks_at_points: Annotated[int, BeforeValidator(fields.whole(1, 10_000_000))] = TASKS_AT_POINTS
    stream: Annotated[int, BeforeValidator(fields.whole(0, 1_000_000))] = 0
    reactive_agents: Annotated[int | Literal["auto"], PlainValidator(fields.or_auto(fields.whole(0, 8)))] = "auto"
    analysis: Literal["none", "inner_algorithm", "planning"] = "none"

    @model_validator(mode="before")
    @classmethod
    def _points_follow_the_tasks(cls, data: Any) -> Any:  # noqa: ANN401 - whatever YAML gave
        """Limits the default of `tasks_at_points` to `tasks`."""
        if isinstance(data, dict) and "tasks_at_points" not in data and type(tasks := data.get("tasks")) is int:
            return {**data, "tasks_at_points": max(min(tasks, TASKS_AT_POINTS), 1)}
        return data

    @model_validator(mode="after")
    def _points_use_a_part_of_the_tasks(self) -> Self:
        if self.tasks_at_points > self.tasks:
            allowed = f"1 to evaluation.tasks = {self.tasks}"
            raise fields.mistake("out of range", self.tasks_at_points, allowed, keys=("tasks_at_points", "tasks"))
        return self


class Criterion(Section):
    """The verdict's δ (normalised score) and its intervals' confidence, declared before anything runs."""

    gain_above: Annotated[float, BeforeValidator(fields.number(0, 1, above=True))] = 0.1
    confidence: Annotated[float, BeforeValidator(fields.number(0.5, 1, below=True))] = 0.95


class Study(Section):
    """One experiment: tasks, grid of ingredients, and settings equal over cells."""

    name: Annotated[str, BeforeValidator(fields.folder_name)]
    question: Annotated[str, BeforeValidator(fields.sentence)] = ""
    tasks: Tasks
    ingredients: Ingredients
    seeds: SeedsField = Seeds(0, 5)
    agent: AgentSettings = AgentSettings()
    learner: LearnerSettings = LearnerSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    criterion: Criterion = Criterion()

    @classmethod
    def load(cls, source: str | Path | Mapping[str, Any], changes: Mapping[str, Any] | None = None) -> Study:
        """Returns a study by its file, by the name of a shipped one, or from plain data.

            >>> Study.load("bandit", changes={"tasks.arms": 10}).tasks.arms
            10

        Args:
            source: a path, a name such as `bandit`, or the study's keys.
            changes: values by dotted keys, as `--set`.

        Raises:
            StudyError: there is none, or it or a change is invalid.
        """
        from ingredients.study.files import study_of  # which knows this class

        return study_of(source, changes)

    @model_validator(mode="before")
    @classmethod
    def _slow_tasks_are_evaluated_on_fewer(cls, data: Any) -> Any:  # noqa: ANN401 -- whatever YAML gave
        """Sets smaller defaults of evaluation for foreign tasks."""
        if not isinstance(data, dict) or not isinstance(data.get("tasks"), dict) or not foreign_kind(data["tasks"]):
            return data
        evaluation = data.get("evaluation", {})
        if not isinstance(evaluation, dict) or "tasks" in evaluation:
            return data
        steps = data["tasks"].get("episode_steps", "auto") if "gymnasium" in data["tasks"] else 0
        long = steps == "auto" or (type(steps) is int and steps >= LONG_EPISODE)
        usual = {"tasks": LONG_TASKS, "tasks_at_points": LONG_AT_POINTS} if long else {"tasks": FOREIGN_TASKS}
        if data["tasks"].get("axis") == "steps":  # lifetimes are short, and a bin holds less than an episode
            usual = {"tasks": FOREIGN_TASKS, "tasks_at_points": SHORT_AT_POINTS}
        return {**data, "evaluation": {**usual, **evaluation}}

    @model_validator(mode="after")
    def _levels_are_those_of_the_agent(self) -> Self:
        return self.model_copy(update={"ingredients": self.ingredients.of_agent(self.agent.memory)})

    @model_validator(mode="after")
    def _analysis_fits_the_tasks(self) -> Self:
        asked = self.evaluation.analysis
        if asked == "planning" and getattr(self.tasks, "family", None) != "memory-planning":
            keys = ("evaluation.analysis",)
            raise fields.mistake("needs mazes: use family memory-planning", asked, "none", keys=keys)
        if asked == "inner_algorithm" and (reason := without_values(self.tasks)):
            raise fields.mistake(
                f"needs the values of histories: {reason}", asked, "none", keys=("evaluation.analysis",)
            )
        return self

    @model_validator(mode="after")
    def _steps_are_trained_on_in_segments(self) -> Self:
        if not axis_of(self.tasks).of_steps:
            return self
        what = "axis: steps is trained on in segments of lifetimes"
        if self.learner.segment is False:
            raise fields.mistake(what, "off", "auto, or a number of steps", keys=("learner.segment", "tasks.axis"))
        if not self.ingredients.can_be_cut(self.agent.memory):
            keys = ("ingredients", "agent.memory", "tasks.axis")
            given = f"{self.agent.memory}, {[level_data(level) for level in self.ingredients.memory]}"
            allowed = f"memories {', '.join(UNROLLED_KINDS)}, and no level {OneTask.RANDOM_MEMORY}"
            raise fields.mistake(f"{what}, which these memories cannot be", given, allowed, keys=keys)
        return self

    @model_validator(mode="after")
    def _grid_can_be_run(self) -> Self:
        runs = math.prod(len(self.ingredients.levels(name)) for name in INGREDIENTS) * self.seeds.count
        if runs > MOST_RUNS:
            allowed = f"at most {MOST_RUNS} runs"
            raise fields.mistake("cells x seeds make too many runs", runs, allowed, keys=("ingredients", "seeds"))
        return self

    def resolved(self) -> dict[str, Any]:
        """Returns the whole study as plain data, with every default."""
        levels = {name: [level_data(level) for level in self.ingredients.levels(name)] for name in INGREDIENTS}
        data = self.model_dump(exclude={"ingredients"}) | {"ingredients": levels}
        return {key: data[key] for key in type(self).model_fields}

    def to_yaml(self) -> str:
        """Returns the resolved study, which loads back equal."""
        return dump(self.resolved())
