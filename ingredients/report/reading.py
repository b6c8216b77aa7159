"""What readers need beside numbers: terms, policies, intervals, provenance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ingredients.grid import CODE
from ingredients.judgement import Judgement
from ingredients.judgement_input.gather import Evidence
from ingredients.judgement_input.references import INFORMED
from ingredients.store.versions import DISTRIBUTION
from ingredients.study.messages import several

WORDS: Final = "Words"
INTERVALS: Final = "What the intervals are over"
PROBES: Final = (
    "A probe changes something while a trained agent plays. An agent that learns in context follows the wrong past "
    "after the swap, learns the task a second time after the wipe, and adapts to the new task after the switch. It "
    "does not adapt to a channel that shows another lifetime. Score lost is the mean score of the same lifetimes "
    "without the probe, minus that with it. It is over what the probe touches: the half after a swap, a wipe or a "
    "switch, and the whole lifetime otherwise."
)
ROUTES: Final = (
    "How the agents that learn in context get the information of each ingredient. It is shown to them, the environment "
    "leaks it, they hold it in memory, or the task does not need it."
)
_POLICIES: Final = {
    "random": "any action at every step",
    "best_fixed": "the best policy known that ignores the past",
    "wander": "the best policy known in a room that ignores the past",
    "reactive": "the best policy known that sees only the last observation, reward and action",
    "reactive_reward_only": "the best policy known that sees only the last observation and reward",
    "greedy": "takes the action that is best by what it has seen so far, and never explores on purpose",
    "thompson": "posterior sampling: acts as if a task drawn from its beliefs were the true one",
    "ucb1": "adds a bonus for what it has tried seldom",
    "gittins": "the Gittins index for the pulls that are left; not proven best on a finite lifetime, and close to it",
    "bayes_optimal": "the best that can be done without knowing the task",
    "search": "searches where the goal can still be, and then goes straight to it",
    "oracle": "is told the task, so it can score above 1",
    INFORMED: "an agent of the same learner that is shown the task",
    "trained_reactive": "an agent of the same learner without memory, trained for longer",
    "trained_reward_only": "trained_reactive without the last action",
    "trained_action_only": "trained_reactive without the last reward",
    "trained_observation_only": "trained_reactive without either",
}


def policies(judgement: Judgement) -> list[str]:
    """Returns a line for each described reference."""
    return [f"{name}: {_POLICIES[name]}" for name in judgement.references if name in _POLICIES]


def words(judgement: Judgement) -> list[str]:
    """Returns lines on terms explained nowhere else."""
    return list(_words(judgement))


def _words(judgement: Judgement) -> Iterator[str]:
    yield "run: one agent, trained with one seed. A cell is one combination of ingredients, with a run for each seed"
    yield "to carry: to hold something of earlier steps, in memory or written on the environment"
    yield (
        "reaction: what an agent can do by its last observation, reward and action. A run is compared with the better "
        "of two: the agent of its seed without memory, and the reference in the role reactive, which sees all three "
        "even if the run does not"
    )
    yield "exact: computed, where other references are simulated"
    yield "ceiling: the highest return known to be possible with what the agents of a cell are shown"
    yield (
        "emerges at step: the step of training from which on a run adapts to the end; the median over runs, of cells "
        "that are in-context"
    )
    yield "greedy actions: the late score if an agent takes its likeliest action instead of drawing one"
    yield "learned by heart: the agent earns more on its own training tasks than on others"
    yield (
        "leak: how much of the last reward or action a decoder reads from what the environment shows, beyond the base "
        "rate. The base rate is how often it is right without that. Told the task: it is fitted to each task"
    )
    yield "decoder skill: the same scale, of the agent's memory or the environment. 0 is the base rate, 1 is every step"
    if judgement.references:
        yield (
            "role, judged as: the references with a role went through the rule of the runs before any cell was judged. "
            "The word behind a role is what came out"
        )


def intervals(evidence: Evidence, judgement: Judgement) -> list[str]:
    """Returns each kind of interval's units, confidence, method."""
    level = f"{evidence.study.criterion.confidence:.0%}"
    looked_once = all(len(result.looks) < 2 for result in judgement.cells)
    bounds = level if looked_once else "the level that is left after earlier looks"
    blocks = all(run.blocks is not None for cell in evidence.cells for run in cell.runs)
    drawn = "runs, luck of the reference and choice of tasks" if blocks else "runs"
    return [
        f"scores, gains, returns, probes and routes of a cell: over its runs; Student's t, {level}",
        f"class of a run: over blocks of its own evaluation tasks; Student's t, {level}",
        "verdict of a cell: at least half of all such runs are of that class, by an exact binomial bound; one-sided, "
        f"{bounds}",
        "shares of runs (at least, at most): exact binomial bounds (Clopper-Pearson), each one-sided, "
        f"{bounds}. At least and at most are two statements, and each by itself has this confidence",
        f"needed: an exact test of two shares (Boschloo), one-sided, {level}",
        f"late score lost without an ingredient: over pairs of runs with one seed; Student's t, {level}. Its p is "
        "two-sided, against no loss",
        "probability that a run with it scores higher than one without: the share of all pairs of runs, ties half "
        "(Mann-Whitney); no interval",
        f"full cell minus a reference: over {drawn}; Student's t, {level}",
        "leaks: over tasks or lifetimes of random play; Student's t, 95%",
        "differences are taken before numbers are rounded",
    ]


def made(evidence: Evidence) -> list[str]:
    """Returns lines on training, evaluation, judgement and versions."""
    return list(_made(evidence))


def _made(evidence: Evidence) -> Iterator[str]:
    study = evidence.study
    agent, learner, evaluation, criterion = study.agent, study.learner, study.evaluation, study.criterion
    helps = ["the critic sees the task"] if learner.critic_sees_task else []
    helps += ["the learner counts expected rewards"] if learner.expected_rewards else []
    yield (
        f"training: recurrent PPO, the same for every cell; {several(study.seeds.count, 'seed')} a cell, "
        f"{learner.train_steps:,} steps a run; memory {agent.memory} of {several(agent.hidden, 'unit')}"
    )
    if helps:
        yield f"help in training that the policy never sees: {' and '.join(helps)}"
    yield (
        f"evaluation: {evaluation.tasks:,} tasks at the end, and {evaluation.tasks_at_points:,} of them at each of "
        f"{several(evaluation.points, 'point')} of training; weights are fixed"
    )
    yield (
        f"rule: version {CODE['judges']}; a gain counts above {criterion.gain_above:g} of the scale; confidence "
        f"{criterion.confidence:.0%}"
    )
    for versions in evidence.versions:
        named = {"ingredients" if name == DISTRIBUTION else name: each for name, each in versions.items()}
        yield f"versions: {', '.join(f'{name} {version}' for name, version in sorted(named.items()))}"
    yield "hardware and date are not stored with the runs"
