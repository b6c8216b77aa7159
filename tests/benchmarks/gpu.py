"""What one GPU gives: `python -m tests.benchmarks.gpu [PART ...] [--seconds 290]`.

Comes in: nothing but a card. Goes out: a line of JSON for each measurement, then two tables. Each part is a process of
its own with a time limit, so that one which fails, hangs or breaks the card's context costs only itself, and prints its
traceback. All of them together fit into five minutes.

| part | measures |
|---|---|
| ours | env steps a second of training, 16 to 1024 runs side by side; first update, recording and memory apart |
| jax | the same of `jax_peer`, vmapped over runs on the same card; compilation apart |
| profile | which kernels an update's time goes to |
| alone | whether a run's bits depend on its stack, and by how much |
| tests | `tests/training/test_device.py` on the card |
| stack | the flagship's runs as one stack in one process: what each phase takes |
| references | the flagship's references, which are computed beside the stack: what they take |
| flagship | `run-grid ablations/bandit.yaml --device cuda` with 5 seeds from start to report, and its verdicts |
| many | the same with 60 seeds: 960 runs, interrupted once and gone on with |
"""

from __future__ import annotations

import argparse
import cProfile
import functools
import io
import json
import os
import pstats
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

RUNS = (16, 80, 256, 1024)
LIFETIMES, PULLS = 32, 100
TIMED = 2.5  # seconds of one timing
FLAGSHIP = "ablations/bandit.yaml"
LIMITS = {
    "ours": 60,
    "jax": 90,
    "profile": 40,
    "alone": 40,
    "tests": 60,
    "stack": 60,
    "references": 60,
    "flagship": 75,
    "many": 210,
}


def main() -> None:
    """Measures the parts that are named, all by default, and prints the tables."""
    parser = argparse.ArgumentParser(description="what one GPU gives")
    parser.add_argument("parts", nargs="*", choices=[*LIMITS, []], help="all by default")
    parser.add_argument("--seconds", type=float, default=290.0, help="for all parts together (%(default)s)")
    parser.add_argument("--inside", choices=list(LIMITS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        PARTS[options.inside]()
        return
    ends, told = time.monotonic() + options.seconds, []
    for part in options.parts or LIMITS:
        seconds = min(LIMITS[part], ends - time.monotonic())
        if seconds < 5:
            print(f"== {part}: no time left", flush=True)
            continue
        print(f"== {part}: at most {seconds:.0f} s", flush=True)
        began = time.monotonic()
        told += list(_measured(part, seconds))
        print(f"== {part}: took {time.monotonic() - began:.1f} s", flush=True)
    _tables(told)


def _measured(part: str, seconds: float) -> Iterator[dict[str, Any]]:
    """Yields what a part printed as JSON; its process and all that it started ends at the limit."""
    command = [sys.executable, "-m", "tests.benchmarks.gpu", "--inside", part]
    threads = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    path = os.pathsep.join([os.getcwd(), os.environ.get("PYTHONPATH", "")])
    variables = {**os.environ, **threads, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
    variables["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env=variables, start_new_session=True
        )
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            print(f"== {part}: stopped at its limit", flush=True)
            process.wait()
        output.seek(0)
        text = output.read()
    print(text if len(text) < 9000 else text[:4000] + "\n[...]\n" + text[-5000:], flush=True)
    for line in text.splitlines():
        if line.startswith('{"part"'):
            yield json.loads(line)


def tell(part: str, **numbers: Any) -> None:  # noqa: ANN401 - whatever was measured
    """Prints one measurement."""
    print(json.dumps({"part": part, **numbers}), flush=True)


@contextmanager
def guarded(what: str) -> Iterator[None]:
    """Prints what goes wrong inside, and goes on."""
    try:
        yield
    except Exception:  # the next measurement is to be made
        print(f"FAILED {what}\n" + "\n".join(traceback.format_exc().splitlines()[-14:]), flush=True)


def waited(function: Callable[[], object]) -> float:
    """Returns the seconds of a call, the device's work included."""
    import torch

    torch.cuda.synchronize()
    began = time.perf_counter()
    function()
    torch.cuda.synchronize()
    return time.perf_counter() - began


# Training


def ours() -> None:
    """Times our training at each size."""
    import torch

    print(f"torch {torch.__version__} on {torch.cuda.get_device_name(0)}", flush=True)
    for runs in RUNS:
        with guarded(f"ours {runs}"):
            tell("ours", **_trained(runs))


def _trained(runs: int) -> dict[str, Any]:
    """Returns what training a workload of so many runs gave."""
    import torch

    from ingredients.grid import Stack
    from ingredients.training.cost import device_memory_by_runs
    from ingredients.training.trainer import begin_training, prepare, train
    from ingredients.training.workload import Workload

    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    workload = Workload(runs=runs, lifetimes=LIFETIMES)
    setup = prepare(workload.study(), workload.stack(), "cuda")
    training = begin_training(setup)
    updates = train(setup, training)
    first, recorded = (waited(lambda: next(updates)) for _ in range(2))
    next(updates)
    count = max(3, min(400, int(TIMED / waited(lambda: next(updates)))))
    took = waited(lambda: [next(updates) for _ in range(count)])
    score = float(next(updates).score.mean()) / setup.family.episodes
    reserved, allocated = torch.cuda.max_memory_reserved(), torch.cuda.max_memory_allocated()
    foretold = device_memory_by_runs(workload.study(), Stack(0, setup.runs))[-1]
    parts = _parts(setup, training)
    updates.close()  # type: ignore[attr-defined]
    return {
        "runs": runs,
        "env_steps_per_second": round(count * setup.steps_per_update * runs / took),
        "ms_per_update": round(took / count * 1e3, 2),
        **parts,
        "first_update_s": round(first, 2),
        "recording_s": round(recorded, 2),
        "score": round(score, 4),
        "foretold_gb": round(foretold / 1e9, 2),
        "peak_reserved_gb": round(reserved / 1e9, 2),
        "peak_allocated_gb": round(allocated / 1e9, 2),
        "notices": training.notices,
    }


def _parts(setup: Any, training: Any) -> dict[str, float]:  # noqa: ANN401 - a setup, a training
    """Returns how long the replay of a rollout and that of the learning take by themselves, and the draws."""
    from ingredients.training.luck import Source
    from ingredients.training.recorded import CudaRecorder
    from ingredients.training.replayed import _Bench

    bench, source = _Bench(setup, training, CudaRecorder(setup.device)), Source(setup)
    drawn = source.blank(pinned=True)
    began = time.perf_counter()
    source.draw(0, drawn)
    draws = time.perf_counter() - began
    for _ in range(3):
        bench.lay_out(drawn)
        bench.update()
    timed = {
        "rollout_ms": lambda: [bench._collected() for _ in range(5)],
        "learning_ms": lambda: [bench._improved() for _ in range(5)],
    }
    return {name: round(waited(times) / 5 * 1e3, 2) for name, times in timed.items()} | {
        "draws_ms": round(draws * 1e3, 2)
    }


def peer() -> None:
    """Times the JAX peer vmapped over runs, both networks."""
    import jax

    print(f"jax {jax.__version__} on {jax.devices()}", flush=True)
    for lean, sizes in ((True, RUNS), (False, RUNS)):
        for runs in sizes:
            with guarded(f"jax {runs}"):
                tell("jax", network="lean" if lean else "purejaxrl", **_peer(runs, lean))


def _peer(runs: int, lean: bool) -> dict[str, Any]:
    """Returns what the peer gave on so many runs."""
    import jax
    import jax.numpy as jnp

    from .jax_peer import program

    state, update = program(LIFETIMES, lean)
    keys = jax.random.split(jax.random.key(1), runs)

    def spread(part: Any) -> Any:  # noqa: ANN401 - an array of jax's
        return keys if jnp.issubdtype(part.dtype, jax.dtypes.prng_key) else jnp.repeat(part[None], runs, 0)

    states = jax.tree.map(spread, state)
    updates = jax.jit(jax.vmap(update), donate_argnums=0)
    began = time.perf_counter()
    states, reward = updates(states)
    reward.block_until_ready()
    compiled, count = time.perf_counter() - began, 0
    states, reward = updates(states)
    reward.block_until_ready()
    began = time.perf_counter()
    while (took := time.perf_counter() - began) < TIMED or not count:
        states, reward = updates(states)
        reward.block_until_ready()
        count += 1
    steps = count * LIFETIMES * PULLS * runs
    speed = round(steps / took)
    return {
        "runs": runs,
        "env_steps_per_second": speed,
        "ms_per_update": round(took / count * 1e3, 2),
        "compilation_s": round(compiled, 2),
        "score": round(float(reward.mean()), 4),
    }


def profile() -> None:
    """Prints which kernels an update takes, at two sizes."""
    from torch.profiler import ProfilerActivity
    from torch.profiler import profile as profiled

    from ingredients.training.trainer import begin_training, prepare, train
    from ingredients.training.workload import Workload

    for runs in (16, 256):
        with guarded(f"profile {runs}"):
            workload = Workload(runs=runs, lifetimes=LIFETIMES)
            setup = prepare(workload.study(), workload.stack(), "cuda")
            updates = train(setup, begin_training(setup))
            for _ in range(4):
                next(updates)
            with profiled(activities=[ProfilerActivity.CUDA]) as profile:
                waited(functools.partial(next, updates))
            averages = profile.key_averages()
            total = sum(row.self_device_time_total for row in averages)
            print(f"{runs} runs: {total / 1e3:.1f} ms in {sum(row.count for row in averages)} kernels", flush=True)
            for row in sorted(averages, key=lambda row: -row.self_device_time_total)[:16]:
                print(f"  {row.self_device_time_total / 1e3:8.2f} ms {row.count:6} x {row.key[:100]}", flush=True)


def alone() -> None:
    """Trains the same run alone, among 16 and among 256, and says whether the weights are the same bits."""
    import torch

    from ingredients.training.trainer import begin_training, prepare, train
    from ingredients.training.workload import Workload

    trained = {}
    for runs in (1, 16, 256):
        with guarded(f"alone {runs}"):
            study = Workload(runs=16, lifetimes=LIFETIMES).study()
            setup = prepare(study, Workload(runs=runs, lifetimes=LIFETIMES).stack(), "cuda")
            training = begin_training(setup)
            updates = train(setup, training)
            for _ in range(10):
                next(updates)
            trained[runs] = training.policy[0].clone()
    for runs, weights in trained.items():
        distance, same = float((weights - trained[1]).abs().max()), torch.equal(weights, trained[1])
        as_16 = torch.equal(weights, trained[16])
        tell("alone", runs=runs, same_bits=same, as_among_16=as_16, largest_difference_after_10_updates=distance)


# Grids


def device_tests() -> None:
    """Runs the tests that need a card."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "-n",
        "0",
        "tests/training/test_device.py",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(done.stdout[-6000:], done.stderr[-1500:], flush=True)


def stack() -> None:
    """Trains, evaluates, stores and reports the flagship in this process, and says what each phase takes."""
    began = time.perf_counter()
    marks: list[tuple[str, float]] = []

    def mark(name: str) -> None:
        marks.append((name, round(time.perf_counter() - began, 2)))

    import torch

    from ingredients.experiment import Progress
    from ingredients.experiment.stack import run_stack
    from ingredients.grid import Stack, runs
    from ingredients.store import Store
    from ingredients.study import load_study

    torch.set_num_threads(1)
    mark("imports")
    study = load_study(Path(FLAGSHIP), ("seeds=5",))
    torch.zeros(1, device="cuda")
    mark("device")

    def hear(progress: Progress) -> None:
        if progress.notice:
            print(progress.notice, flush=True)
        if not marks or marks[-1][0] != progress.phase:
            mark(progress.phase)

    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "bandit"
        Store(directory).open(study)
        profiler = cProfile.Profile()
        profiler.enable()
        failed = run_stack(study, Stack(0, runs(study)), directory, "cuda", 30.0, hear)
        profiler.disable()
        mark("stored")
        _print_profile(profiler, 40)
    tell("stack", failed=failed, marks=marks, peak_reserved_gb=round(torch.cuda.max_memory_reserved() / 1e9, 2))


def references() -> None:
    """Computes the flagship's references in this process, and says what takes long."""
    from ingredients.experiment.stack import run_references
    from ingredients.store import Store
    from ingredients.study import load_study

    study = load_study(Path(FLAGSHIP), ("seeds=5",))
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "bandit"
        Store(directory).open(study)
        profiler, began = cProfile.Profile(), time.perf_counter()
        profiler.enable()
        run_references(study, directory, "cuda", lambda progress: None)
        profiler.disable()
        tell("references", seconds=round(time.perf_counter() - began, 1))
        _print_profile(profiler, 25)


def _print_profile(profiler: cProfile.Profile, lines: int) -> None:
    """Prints the functions of this project that took longest, what they call included."""
    text = io.StringIO()
    pstats.Stats(profiler, stream=text).sort_stats("cumtime").print_stats("ingredients|parquet", lines)
    print("\n".join(line[:110] for line in text.getvalue().splitlines()[8:]), flush=True)


def flagship() -> None:
    """Runs the flagship's command twice: the second time everything that is kept between runs is there."""
    with tempfile.TemporaryDirectory() as folder:
        for times in ("cold", "warm"):
            with guarded(f"flagship {times}"):
                directory = Path(folder) / times
                took, code, said = _command(directory, ["--seeds", "5"])
                print(said[-2500:], flush=True)
                tell("flagship", times=times, seconds=round(took, 1), exit_code=code, **_verdicts(directory))


def many() -> None:
    """Runs 960 runs, interrupts them after a while, and goes on."""
    with tempfile.TemporaryDirectory() as folder, guarded("many"):
        directory = Path(folder) / "many"
        options = ["--seeds", "60", "--snapshot-every", "8s"]
        first, code, said = _command(directory, options, interrupt_after=35.0)
        print(said[-600:], flush=True)
        tell("many", interrupted_after=round(first, 1), exit_code=code)
        second, code, said = _command(directory, options)
        print(said[-2500:], flush=True)
        tell("many", seconds=round(first + second, 1), exit_code=code, **_verdicts(directory))


def _command(directory: Path, options: list[str], interrupt_after: float | None = None) -> tuple[float, int, str]:
    """Returns the seconds of `run-grid --device cuda`, its exit code, and what it printed."""
    command = [sys.executable, "cli.py", "run-grid", FLAGSHIP, "--device", "cuda", "--out", str(directory), *options]
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if interrupt_after is not None:
        time.sleep(interrupt_after)
        process.send_signal(signal.SIGINT)
    said, _ = process.communicate()
    return time.monotonic() - began, process.returncode, said


def _verdicts(directory: Path) -> dict[str, Any]:
    """Returns the verdict of each cell, and the full cell's late score."""
    report = json.loads((directory / "report.json").read_text())
    full = next(cell for cell in report["cells"] if all(cell["cell"].values()))
    return {"verdicts": [cell["verdict"] for cell in report["cells"]], "full_late": full["late"]}


def _tables(told: list[dict[str, Any]]) -> None:
    """Prints ours beside the peer's."""
    speeds: dict[str, dict[int, float]] = {}
    for row in told:
        if row["part"] in ("ours", "jax"):
            speeds.setdefault(row.get("network", "ours"), {})[row["runs"]] = row["env_steps_per_second"]
    print("\nruns   ours          lean          purejaxrl     ours / lean", flush=True)
    for runs in RUNS:
        mine, lean, full = (speeds.get(name, {}).get(runs, 0.0) for name in ("ours", "lean", "purejaxrl"))
        ratio = f"{mine / lean:.2f}" if mine and lean else "-"
        print(f"{runs:<6} {mine:<13,.0f} {lean:<13,.0f} {full:<13,.0f} {ratio}", flush=True)
    for row in told:
        if row["part"] not in ("ours", "jax"):
            print(json.dumps(row), flush=True)


PARTS = {
    "ours": ours,
    "jax": peer,
    "profile": profile,
    "alone": alone,
    "tests": device_tests,
    "stack": stack,
    "references": references,
    "flagship": flagship,
    "many": many,
}

if __name__ == "__main__":
    main()
