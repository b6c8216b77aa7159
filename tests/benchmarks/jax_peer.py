"""The peer of `jax_ppo`: a jitted recurrent PPO of the purejaxrl kind (Lu et al. 2022), in one process on one core.

Comes in: `--core N`, `--network NAME`, then a line of seconds on stdin for each timing. Goes out: a line of JSON for
each, `env_steps`, `seconds` and the mean `reward` of the last rollout, and one more at the start. Needs jax and nothing
else, not even this project.

Everything is in one compiled program: 5-armed bandits, rollouts of whole lifetimes of 100 pulls, a GRU of 64 units,
generalised advantages, 4 epochs of 4 minibatches of whole lifetimes, a clipped loss, gradients clipped by norm, Adam.
Two networks:

- `purejaxrl`: its layers at 64 units: an embedding, the GRU with its input product in the loop, a layer before each
  head;
- `lean`: as cheap as it can be: the GRU and two linear heads, input products of a whole lifetime at once.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

ARMS, PULLS, HIDDEN, EPOCHS, MINIBATCHES = 5, 100, 64, 4, 4
FEATURES = 5 + ARMS
DISCOUNT, TRACE, CLIP, ENTROPY, VALUE_WEIGHT, MAX_NORM, RATE = 0.9, 0.3, 0.2, 0.01, 0.5, 0.5, 2.5e-3
UNROLL = 1  # 2, 4 and 8 steps a turn of the loop were no faster on the CPU, and took longer to compile
Array = Any
Tree = Any


class Lifetimes(NamedTuple):
    """A rollout: inputs `[T, N, F]`, action, log-probability, value and reward `[T, N]`."""

    inputs: Array
    action: Array
    before: Array
    value: Array
    reward: Array


class State(NamedTuple):
    """Weights, Adam's moments, updates so far, the random key."""

    weights: Tree
    mean: Tree
    square: Tree
    count: Array
    key: Array


def program(lifetimes: int, lean: bool) -> tuple[State, Callable[[State], tuple[State, Array]]]:
    """Returns the first state, and the compiled update: a rollout of so many lifetimes and its epochs.

    The update also returns the rollout's mean reward, so that one can see it learn.
    """
    import jax
    import jax.numpy as jnp
    from jax import lax

    def embed(weights: Tree, x: Array) -> Array:
        """Returns what enters the loop: of a lean network the GRU's input products."""
        if lean:
            return x @ weights["input"] + weights["bias"]
        return jax.nn.relu(x @ weights["embed"] + weights["embed_bias"])

    def gru(weights: Tree, h: Array, entered: Array) -> Array:
        if not lean:
            entered = entered @ weights["input"] + weights["bias"]
        held = h @ weights["hidden"]
        r = jax.nn.sigmoid(entered[..., :HIDDEN] + held[..., :HIDDEN])
        z = jax.nn.sigmoid(entered[..., HIDDEN : 2 * HIDDEN] + held[..., HIDDEN : 2 * HIDDEN])
        n = jnp.tanh(entered[..., 2 * HIDDEN :] + r * held[..., 2 * HIDDEN :])
        return (1.0 - z) * n + z * h

    def heads(weights: Tree, h: Array) -> tuple[Array, Array]:
        if not lean:
            h = jax.nn.relu(h @ weights["before"] + weights["before_bias"])  # actor's and critic's layer side by side
        both = h @ weights["heads"] + weights["heads_bias"]
        return jax.nn.log_softmax(both[..., :ARMS]), both[..., ARMS]

    def rollout(weights: Tree, key: Array) -> Lifetimes:
        task_key, action_key, pay_key = jax.random.split(key, 3)
        task = jax.random.uniform(task_key, (lifetimes, ARMS))
        noise = jax.random.gumbel(action_key, (PULLS, lifetimes, ARMS)), jax.random.uniform(pay_key, (PULLS, lifetimes))
        first = jnp.zeros((lifetimes, FEATURES)).at[:, :2].set(1.0)

        def step(carry: tuple[Array, Array], drawn: tuple[Array, Array]) -> tuple[tuple[Array, Array], Lifetimes]:
            h, x = carry
            gumbel, paying = drawn
            h = gru(weights, h, embed(weights, x))
            logs, value = heads(weights, h)
            action = jnp.argmax(logs + gumbel, -1)
            chosen = jax.nn.one_hot(action, ARMS)
            reward = (paying < (task * chosen).sum(-1)).astype(jnp.float32)
            one, zero = jnp.ones_like(reward)[:, None], jnp.zeros_like(reward)[:, None]
            after = jnp.concatenate([zero, one, reward[:, None], one, chosen, one], -1)
            return (h, after), Lifetimes(x, action, (logs * chosen).sum(-1), value, reward)

        lived: Lifetimes = lax.scan(step, (jnp.zeros((lifetimes, HIDDEN)), first), noise, unroll=UNROLL)[1]
        return lived

    def advantages(lived: Lifetimes) -> Array:
        def back(carry: tuple[Array, Array], now: tuple[Array, Array]) -> tuple[tuple[Array, Array], Array]:
            running, next_value = carry
            reward, value = now
            running = reward * (1 - DISCOUNT) + DISCOUNT * next_value - value + DISCOUNT * TRACE * running
            return (running, value), running

        zeros = jnp.zeros(lifetimes)
        return lax.scan(back, (zeros, zeros), (lived.reward, lived.value), reverse=True)[1]

    def loss(weights: Tree, lived: Lifetimes, advantage: Array) -> Array:
        entered = embed(weights, lived.inputs)

        def step(h: Array, entered_t: Array) -> tuple[Array, Array]:
            h = gru(weights, h, entered_t)
            return h, h

        _, states = lax.scan(step, jnp.zeros((entered.shape[1], HIDDEN)), entered, unroll=UNROLL)
        logs, value = heads(weights, states)
        ratio = jnp.exp((logs * jax.nn.one_hot(lived.action, ARMS)).sum(-1) - lived.before)
        normal = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        surrogate = jnp.minimum(ratio * normal, jnp.clip(ratio, 1 - CLIP, 1 + CLIP) * normal).mean()
        error = 0.5 * jnp.square(value - (advantage + lived.value)).mean()
        return -surrogate + VALUE_WEIGHT * error + ENTROPY * (jnp.exp(logs) * logs).sum(-1).mean()

    def adam(state: State, gradient: Tree) -> State:
        norm = jnp.sqrt(sum(jnp.square(leaf).sum() for leaf in jax.tree.leaves(gradient)))
        gradient = jax.tree.map(lambda leaf: leaf * jnp.minimum(1.0, MAX_NORM / (norm + 1e-8)), gradient)
        count = state.count + 1
        mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, state.mean, gradient)
        square = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, state.square, gradient)
        rate = RATE * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        weights = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-8), state.weights, mean, square)
        return State(weights, mean, square, count, state.key)

    def update(state: State) -> tuple[State, Array]:
        key, rollout_key, *epoch_keys = jax.random.split(state.key, 2 + EPOCHS)
        lived = rollout(state.weights, rollout_key)
        advantage = advantages(lived)
        orders = jnp.concatenate(
            [jax.random.permutation(one, lifetimes).reshape(MINIBATCHES, -1) for one in epoch_keys]
        )

        def improve(state: State, lanes: Array) -> tuple[State, None]:
            batch = Lifetimes(*(part[:, lanes] for part in lived))
            return adam(state, jax.grad(loss)(state.weights, batch, advantage[:, lanes])), None

        return lax.scan(improve, state._replace(key=key), orders)[0], lived.reward.mean()

    def first() -> State:
        keys = jax.random.split(jax.random.key(0), 4)
        square = jax.nn.initializers.orthogonal()
        entering, leaving = (FEATURES, HIDDEN) if lean else (HIDDEN, 2 * HIDDEN)
        weights = {
            "input": jax.random.uniform(keys[0], (entering, 3 * HIDDEN), minval=-1.0, maxval=1.0) / HIDDEN**0.5,
            "bias": jnp.zeros(3 * HIDDEN),
            "hidden": jnp.concatenate([square(one, (HIDDEN, HIDDEN)) for one in jax.random.split(keys[1], 3)], -1),
            "heads": 0.01 * jax.random.normal(keys[2], (leaving, ARMS + 1)),
            "heads_bias": jnp.zeros(ARMS + 1),
        }
        if not lean:
            weights["embed"] = jax.random.normal(keys[0], (FEATURES, HIDDEN)) * (2 / FEATURES) ** 0.5
            weights["before"] = jax.random.normal(keys[1], (HIDDEN, leaving)) * (2 / HIDDEN) ** 0.5
            weights |= {"embed_bias": jnp.zeros(HIDDEN), "before_bias": jnp.zeros(leaving)}
        mean, square_mean = (jax.tree.map(jnp.zeros_like, weights) for _ in range(2))
        return State(weights, mean, square_mean, jnp.zeros((), jnp.int32), keys[3])

    return first(), jax.jit(update, donate_argnums=0)


def main(arguments: Sequence[str] | None = None) -> None:
    """Compiles, says so, then trains for as long as each line on stdin asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--core", type=int, required=True)
    parser.add_argument("--lifetimes", type=int, default=64)
    parser.add_argument("--network", choices=["purejaxrl", "lean"], default="lean")
    options = parser.parse_args(arguments)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {options.core})  # before jax counts the cores and makes its threads
    state, update = program(options.lifetimes, options.network == "lean")
    for _ in range(2):
        state, reward = update(state)
    print(json.dumps({"env_steps": 0, "seconds": 0.0, "reward": float(reward)}), flush=True)
    for line in sys.stdin:
        began, updates = time.perf_counter(), 0
        while (took := time.perf_counter() - began) < float(line) or not updates:
            state, reward = update(state)
            score = float(reward)  # waits: jax would return before anything is computed
            updates += 1
        steps = updates * options.lifetimes * PULLS
        print(json.dumps({"env_steps": steps, "seconds": took, "reward": round(score, 4)}), flush=True)


if __name__ == "__main__":
    main()
