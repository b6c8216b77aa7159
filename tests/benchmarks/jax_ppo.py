"""Training speed beside a jitted recurrent PPO in jax, in one run: `python -m tests.benchmarks.jax_ppo`.

Comes in: options. Goes out: env steps a second of the whole machine, ours and its, in interleaved repetitions.

The peer (`jax_peer`) is of the purejaxrl kind: one agent, GRU 64, 64 lifetimes of 5 arms x 100 pulls, 4 epochs x 4
minibatches; one process pinned to each core, speeds added. It has two networks: that of purejaxrl, and a lean one.
Ours is shown twice: the fixed workload (16 runs x 32 lifetimes in each worker) and the same with 64 lifetimes a run.
Only where some Python has jax: this one, or that of `--jax-python` or `$JAX_PYTHON`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from ingredients.engine.local import LocalEngine
from ingredients.grid_run.bench import training_speed
from ingredients.training.workload import Workload

from .part import Options, Part, Result, against, contest_table, cores, interleaved, main

PEER = Path(__file__).with_name("jax_peer.py")
WHAT = {
    "ours": "16 runs x 32 lifetimes in each worker, as one stack",
    "ours, 64": "16 runs x 64 lifetimes in each worker, as one stack",
    "jax, purejaxrl": "one agent x 64 lifetimes in each process, layers as purejaxrl has them",
    "jax, lean": "the same with a GRU and two linear heads alone",
}
MISSING = (
    "skipped: no jax here; pip install '.[peers]' -c constraints.txt, or name a Python that has it: "
    "--jax-python PATH, or JAX_PYTHON=PATH"
)


def measure(options: Options) -> Result:
    """Returns the speeds of ours and of the peer."""
    python = options.jax_python or sys.executable
    if subprocess.run([python, "-c", "import jax"], capture_output=True).returncode:
        return {"skipped": MISSING}
    with ExitStack() as open_ends:
        engine = open_ends.enter_context(LocalEngine(options.workers))
        peers = {
            network: [open_ends.enter_context(_peer(python, core, network)) for core in cores(options.workers)]
            for network in ("purejaxrl", "lean")
        }
        ours = partial(training_speed, engine, options.workers)
        timings = {
            "ours": partial(ours, Workload(), options.seconds),
            "ours, 64": partial(ours, Workload(lifetimes=64), options.seconds),
            **{f"jax, {network}": partial(_speed, those, options.seconds) for network, those in peers.items()},
        }
        timings["ours"]()  # imports and warms up, as the peers have done
        speeds = interleaved(timings, options.repetitions)
    return {"workers": options.workers, "what": WHAT, "contenders": against("ours", speeds, options.workers)}


@contextmanager
def _peer(python: str, core: int, network: str) -> Iterator[subprocess.Popen[str]]:
    """Starts a process of the peer and waits until it has compiled; afterwards it is gone."""
    command = [python, str(PEER), "--core", str(core), "--network", network]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            _answer(process)
            yield process
        finally:
            process.kill()


def _speed(peers: list[subprocess.Popen[str]], seconds: float) -> float:
    """Returns the env steps a second of all processes together."""
    for peer in peers:
        assert peer.stdin is not None
        peer.stdin.write(f"{seconds}\n")
        peer.stdin.flush()
    return sum(_answer(peer) for peer in peers)


def _answer(peer: subprocess.Popen[str]) -> float:
    """Returns the env steps a second that one process reports; 0 from a process that has only compiled.

    Raises:
        RuntimeError: the process ended instead; what it had to say is on stderr.
    """
    assert peer.stdout is not None
    line = peer.stdout.readline()
    if not line:
        raise RuntimeError(f"{PEER.name} ended with code {peer.wait()}")
    timed: dict[str, float] = json.loads(line)
    return timed["env_steps"] / timed["seconds"] if timed["seconds"] else 0.0


PART = Part("Training beside a jitted PPO in jax", measure, contest_table)

if __name__ == "__main__":
    main(PART)
