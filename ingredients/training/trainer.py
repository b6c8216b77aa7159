"""A stack from first weights to last: the training loop as a generator, so that logging and storing stay outside.

Comes in: the stack's runs and the study's settings. Goes out: one `Update` after each rollout and its epochs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from ingredients.agent.memory import State, make_memory
from ingredients.agent.network import Agent, flatten, views
from ingredients.agent.observation import Layout
from ingredients.boundary.failures import Failure
from ingredients.grid import Run, memory_kind
from ingredients.study import Learner, Study
from ingredients.tasks import make_family
from ingredients.tasks.family import Family
from ingredients.tasks.foreign import take_failures
from ingredients.training.critic import Critic, features, value_gradient, values
from ingredients.training.draws import TRAINING, lifetime_draws, one_start, random_memory, to_device, training_tasks
from ingredients.training.gaussian import gaussian_gradient, gaussian_log_probability
from ingredients.training.interaction import Play
from ingredients.training.learner import (
    Adam,
    Advised,
    Clip,
    Losses,
    PolicyLosses,
    entropy_share,
    first_entropy,
    flat_gradient,
    generalised_advantage,
    gradient_norm,
    horizon_discount,
    log_probability,
    normalise_per_run,
    policy_gradient,
    prediction_gradient,
    prediction_weight,
    rollout_lifetimes,
    step_weights,
    trace_decay,
)
from ingredients.training.rollout import Rollout, collect


class Tuned(NamedTuple):
    """What a study may leave to the length of a lifetime (`auto`), as numbers.

    Attributes:
        lifetimes: of one run in a rollout.
        discount: γ.
        trace: λ.
        entropy: first weight of the entropy.
        prediction: weight of the reward's prediction.
    """

    lifetimes: int
    discount: float
    trace: float
    entropy: float
    prediction: float


@dataclass(frozen=True)
class Setup:
    """What does not change while a stack trains; `tuned` has numbers for what may be `auto` in the study.

    `stream` is that of the luck in evaluations; training does not know it.
    """

    runs: tuple[Run, ...]
    family: Family
    agent: Agent
    critic: Critic
    learner: Learner
    tuned: Tuned
    device: torch.device
    stream: int = 0

    @property
    def lifetimes(self) -> int:
        """Returns how many lifetimes of one run a rollout holds."""
        return self.tuned.lifetimes

    @property
    def steps_per_update(self) -> int:
        """Returns the environment steps of one run's rollout."""
        return self.lifetimes * self.family.steps

    @property
    def updates(self) -> int:
        """Returns how many rollouts a run trains on: `train_steps`, rounded up to whole rollouts."""
        return -(-self.learner.train_steps // self.steps_per_update)


def prepare(study: Study, runs: tuple[Run, ...], device: str = "cpu", family: Family | None = None) -> Setup:
    """Returns the setup of a stack; it depends on the study alone, never on which runs stand side by side.

    `family` takes the place of the study's own.
    """
    family = make_family(study.tasks) if family is None else family
    layout = Layout(family.observation_size, family.actions, family.continuous)
    hidden = study.agent.hidden
    kind = memory_kind(study, runs[0].cell) if runs else study.agent.memory
    memory = make_memory(kind, layout.size, hidden, study.agent.window, family.steps)
    agent = Agent(layout, hidden, memory, study.agent.head_hidden)
    critic = Critic(hidden, family.task_size if study.learner.critic_sees_task else 0, hidden)
    tuned = _tuned(study.learner, family)
    stream = study.evaluation.stream
    return Setup(runs, family, agent, critic, study.learner, tuned, torch.device(device), stream)


def _tuned(learner: Learner, family: Family) -> Tuned:
    """Returns what the study says, or what lifetimes of T steps ask for; only of choices is the reward predicted."""
    steps = family.steps
    prediction = prediction_weight(steps) if learner.reward_prediction == "auto" else learner.reward_prediction
    return Tuned(
        lifetimes=rollout_lifetimes(steps, learner.minibatches) if learner.lifetimes == "auto" else learner.lifetimes,
        discount=horizon_discount(steps) if learner.discount == "auto" else learner.discount,
        trace=trace_decay(steps) if learner.gae_lambda == "auto" else learner.gae_lambda,
        entropy=first_entropy(steps) if learner.entropy == "auto" else learner.entropy,
        prediction=0.0 if family.continuous else prediction,
    )


@dataclass
class Training:
    """What changes while a stack trains, and all that a resumed stack would need: every draw is stateless.

    Attributes:
        policy: the agents' weights `[S, P]`.
        critic: the critics' weights `[S, Q]`.
        alive: whether each run can go on, `[S]` (bool): its gradients have been finite, its environments have not
        raised. One that cannot is frozen; the others do not notice.
        update: updates done.
        failed: for each run that cannot go on, why.
    """

    policy: Tensor
    critic: Tensor
    policy_adam: Adam
    critic_adam: Adam
    alive: Tensor
    update: int = 0
    failed: dict[int, str] = field(default_factory=dict)

    def fail(self, reasons: Mapping[int, Failure], train_step: int) -> None:
        """Freezes runs whose environments failed, for these reasons; the log has what they raised."""
        for run, reason in reasons.items():
            if run not in self.failed:
                reason.log()
            self.alive[run] = False
            self.failed.setdefault(run, f"its environment failed: {reason} (train step {train_step})")


class Update(NamedTuple):
    """What one update did: steps of each run so far, means over minibatches `[S]`, the rollout's score `[S]`."""

    number: int
    train_step: int
    losses: Losses
    gradient_norm: Tensor
    score: Tensor


def begin_training(setup: Setup) -> Training:
    """Returns the first weights: equal over all cells of a seed."""
    agents = {run.seed: setup.agent.initial_weights(run.seed) for run in setup.runs}
    critics = {run.seed: setup.critic.initial_weights(run.seed) for run in setup.runs}
    policy = flatten([agents[run.seed] for run in setup.runs]).to(setup.device)
    critic = flatten([critics[run.seed] for run in setup.runs]).to(setup.device)
    alive = torch.ones(len(setup.runs), dtype=torch.bool, device=setup.device)
    return Training(policy, critic, Adam.zeros(policy), Adam.zeros(critic), alive)


def train(setup: Setup, training: Training) -> Iterator[Update]:
    """Yields after each update until the stack has had its steps; `training` is changed in place."""
    while training.update < setup.updates:
        index = training.update
        tasks = training_tasks(setup.runs, setup.family, index, setup.lifetimes).to(setup.device)
        draws = lifetime_draws(setup.runs, setup.family, TRAINING, index, setup.lifetimes)
        draws = draws._replace(start=one_start(setup.runs, draws.start))
        play = Play(setup.agent, setup.family, views(training.policy, setup.agent.shapes()), tasks)
        draws, learner = to_device(draws, setup.device), setup.learner
        memory = random_memory(setup.runs, setup.agent.memory, setup.family, index, setup.lifetimes)
        memory = memory and tuple(part.to(setup.device) for part in memory)
        rollout = collect(play, draws, learner.minibatches, learner.expected_rewards, memory)
        train_step = (training.update + 1) * setup.steps_per_update
        training.fail(take_failures(setup.family), train_step)
        losses, norm = improve(setup, training, rollout)
        training.update += 1
        for run in torch.nonzero(~training.alive).flatten().tolist():
            training.failed.setdefault(run, f"diverged: the gradient was no longer finite at train step {train_step}")
        yield Update(index, train_step, losses, norm, rollout.score)


class _Leaves(NamedTuple):
    """The weights by name, as leaves that gradients are taken of."""

    policy: Mapping[str, Tensor]
    critic: Mapping[str, Tensor]


class _Batch(NamedTuple):
    """One minibatch of X = T · N steps: inputs `[S, T, N, F]`, what was earned, the critic's part.

    What was earned is `[S, X]`, or `[S, X, A]` for each action. The critic's inputs are `[S, X, C]`, its targets
    `[S, X]`; `start` is the memory that lifetimes start from.
    """

    inputs: Tensor
    start: State | None
    advised: Advised
    earned: Tensor
    critic_inputs: Tensor
    target: Tensor


def improve(setup: Setup, training: Training, rollout: Rollout) -> tuple[Losses, Tensor]:
    """Returns mean losses and gradient norms `[S]` of the epochs over one rollout; weights are changed in place."""
    leaves = _Leaves(_leaves(training.policy, setup.agent.shapes()), _leaves(training.critic, setup.critic.shapes()))
    batches = _batches(setup, leaves, rollout)
    left = 1 - training.update / setup.updates
    steps = [
        _step(setup, training, leaves, batch, rollout.carry, left)
        for _ in range(setup.learner.epochs)
        for batch in batches
    ]
    means = (torch.stack(parts, dim=1).mean(1) for parts in zip(*(losses for losses, _ in steps), strict=True))
    return Losses(*means), torch.stack([norm for _, norm in steps], dim=1).mean(1)


@torch.no_grad()
def _batches(setup: Setup, leaves: _Leaves, rollout: Rollout) -> list[_Batch]:
    """Returns the rollout's minibatches with advantages, targets and old log-probabilities.

    Rewards are scaled by 1 − γ, so that values are of the size of one mean reward whatever γ is.
    """
    discount = setup.tuned.discount
    seen = rollout.tasks[..., : setup.critic.task_size]
    eyes = [features(m, t, discount) for m, t in zip(rollout.outputs, seen, strict=True)]
    value = torch.stack([values(leaves.critic, inputs) for inputs in eyes])
    scaled, acting = rollout.reward * (1 - discount), rollout.acting
    raw = generalised_advantage(scaled, value, discount, setup.tuned.trace, acting)
    target, advantage = raw + value, normalise_per_run(raw, acting)
    batches = []
    for m, critic_inputs in enumerate(eyes):
        heads, action = setup.agent.heads(leaves.policy, rollout.outputs[m]), rollout.action[m].flatten(1, 2)
        before = _log_probability(setup, heads.flatten(1, 2), action)
        weight = None if acting is None else step_weights(acting[m].flatten(1))
        advised = Advised(action, before, advantage[m].flatten(1), weight)
        earned = rollout.earned[m].flatten(1, 2)
        start = rollout.start and tuple(part[m] for part in rollout.start)
        about_critic = critic_inputs.flatten(1, 2), target[m].flatten(1)
        batches.append(_Batch(rollout.inputs[m], start, advised, earned, *about_critic))
    return batches


def _step(
    setup: Setup,
    training: Training,
    leaves: _Leaves,
    batch: _Batch,
    carry: Tensor,
    left: float,
) -> tuple[Losses, Tensor]:
    """Takes one gradient step for policy and critic; returns losses `[S]` and the policy's gradient norm `[S]`.

    `left`, the share of training that is left, scales the learning rate and, by `entropy_share`, the entropy's weight.
    """
    learner = setup.learner
    rate, entropy_weight = learner.learning_rate * left, setup.tuned.entropy * entropy_share(left, setup.family.steps)
    outputs = setup.agent.memory.unroll(leaves.policy, carry, batch.inputs, batch.start)
    heads = setup.agent.heads(leaves.policy, outputs).flatten(1, 2)
    losses, d_heads = _heads_gradient(setup, heads, batch, entropy_weight)
    policy_step = flat_gradient(heads, d_heads, leaves.policy, training.policy)
    counts = batch.advised.weight
    error, critic_step = value_gradient(leaves.critic, batch.critic_inputs, batch.target, training.critic, counts)
    norm, critic_norm = gradient_norm(policy_step), gradient_norm(critic_step)
    training.alive &= torch.isfinite(norm) & torch.isfinite(critic_norm)
    clip = Clip(learner.max_gradient_norm, training.alive)
    training.policy_adam.step(training.policy, policy_step, norm, rate, clip)
    training.critic_adam.step(training.critic, critic_step, critic_norm, rate, clip)
    return Losses(losses.surrogate, error, losses.entropy, losses.kl, losses.clip_fraction), norm


def _log_probability(setup: Setup, heads: Tensor, action: Tensor) -> Tensor:
    """Returns log π(a), `[S, X]`, for heads `[S, X, P]`."""
    if setup.family.continuous:
        return gaussian_log_probability(heads, action)
    return log_probability(heads[..., : setup.family.actions], action)


def _heads_gradient(setup: Setup, heads: Tensor, batch: _Batch, entropy_weight: float) -> tuple[PolicyLosses, Tensor]:
    """Returns the policy's losses, and the gradient over the heads, padding included, `[S, X, P]`."""
    learner, actions = setup.learner, setup.agent.layout.actions
    predicting = slice(actions, 2 * actions)
    d_heads = torch.zeros_like(heads)
    if setup.family.continuous:
        losses, d_heads[..., : 2 * actions] = gaussian_gradient(
            heads.detach(), batch.advised, learner.clip, entropy_weight
        )
        return losses, d_heads
    losses, d_heads[..., :actions] = policy_gradient(heads[..., :actions], batch.advised, learner.clip, entropy_weight)
    if setup.tuned.prediction:
        d_heads[..., predicting] = prediction_gradient(
            heads[..., predicting].detach(),
            batch.advised.action,
            batch.earned,
            setup.tuned.prediction,
            batch.advised.weight,
        )
    return losses, d_heads


def _leaves(flat: Tensor, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Returns views by name that gradients can be taken of; they follow `flat` when it is changed in place."""
    return {name: view.detach().requires_grad_() for name, view in views(flat, shapes).items()}
