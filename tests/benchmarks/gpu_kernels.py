"""The kernels on a card: how far from float64, whether a run's bits keep to themselves, and how long each takes.

    python -m tests.benchmarks.gpu_kernels [errors] [bits] [settings] [times] [profile]

Each part is guarded: what fails is said, and the rest goes on. The sizes are those of the fixed workload (5 arms × 100
pulls, GRU 64, 32 lifetimes a run, minibatches of 8).
"""

from __future__ import annotations

import statistics
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from ingredients.agent import choice_triton, products_triton
from ingredients.agent.memory import Memory, gru_triton, make_memory
from ingredients.training import adam_triton, advantage_triton, critic_triton, policy_triton
from ingredients.training.critic import value_gradient
from ingredients.training.learner import Minibatch, log_probability, policy_gradient
from ingredients.training.trainer import begin_training, prepare, train
from ingredients.training.workload import Workload

STEPS, LANES, LIFETIMES, FEATURES, HIDDEN, ACTIONS, HEAD = 100, 8, 32, 12, 64, 5, 12
RUNS = (16, 256, 1024)
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def draw(*shape: int) -> Tensor:
    """Returns standard normals on the card."""
    return torch.randn(shape, device=DEVICE)


def distance(ours: Tensor, exact: Tensor) -> float:
    """Returns ‖ours − exact‖ / ‖exact‖."""
    return float((ours.double() - exact).norm() / exact.norm())


def milliseconds(work: Callable[[], Any], times: int = 15) -> float:
    """Returns the median time of some work on the card, replayed from a graph: without the time to begin it.

    All work stands on one stream: autograd goes back on the stream on which it went forward.
    """
    for _ in range(3):
        work()
    torch.cuda.synchronize()
    graph, taken = torch.cuda.CUDAGraph(), []
    with torch.cuda.graph(graph, stream=torch.cuda.current_stream()):
        work()
    for _ in range(times):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        begin.record()
        graph.replay()
        end.record()
        end.synchronize()
        taken.append(begin.elapsed_time(end))
    return float(statistics.median(taken))


@contextmanager
def on_one_stream() -> Iterator[None]:
    """Gives all work inside a stream that can be captured."""
    if DEVICE == "cpu":
        yield
        return
    with torch.cuda.stream(torch.cuda.Stream()):  # type: ignore[no-untyped-call]
        yield


@contextmanager
def with_settings(module: ModuleType, **settings: object) -> Iterator[None]:
    """Changes constants of a module inside."""
    before = {name: getattr(module, name) for name in settings}
    for name, value in settings.items():
        setattr(module, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(module, name, value)


def memory_case(memory: Memory, runs: int, lanes: int, steps: int = STEPS) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """Returns weights, carry (some runs are reset now and then) and inputs."""
    weights = {name: draw(runs, *shape) * 0.15 for name, shape in memory.shapes().items()}
    carry = (torch.rand(runs, steps, device=DEVICE) < 0.95).float()
    carry[0] = 0.0
    return weights, carry, draw(runs, steps, lanes, FEATURES)


def outcome(memory: Memory, weights: dict[str, Tensor], carry: Tensor, x: Tensor) -> list[Tensor]:
    """Returns outputs, and gradients over inputs and weights."""
    leaves = {name: weight.clone().requires_grad_() for name, weight in weights.items()}
    x = x.clone().requires_grad_()
    outputs = memory.unroll(leaves, carry, x)
    return [outputs.detach(), *torch.autograd.grad(outputs, [x, *leaves.values()], outputs.detach())]


def errors() -> None:
    """Distances from float64: outputs, gradient over inputs, then over each weight; then the learner's kernels."""
    for kind, hidden in product(("gru", "lstm", "fast-weights"), (32, 48, 64)):
        memory = make_memory(kind, FEATURES, hidden, 4, STEPS)
        case = memory_case(memory, 4, LANES)
        exact = outcome(
            memory, {name: weight.double() for name, weight in case[0].items()}, *(p.double() for p in case[1:])
        )
        apart = [distance(*pair) for pair in zip(outcome(memory, *case), exact, strict=True)]
        print("error", kind, hidden, [f"{one:.1e}" for one in apart], flush=True)
    with_critic, rows = critic_case(4), STEPS * LANES
    x, target, layers, like = with_critic
    weights = {"critic.first": layers[0].double(), "critic.last": layers[1].double()}
    exact_critic = value_gradient(weights, x.double(), target.double(), like.double())
    ours = critic_triton.value_gradient(x, target, layers, like)
    print("error critic", [f"{distance(*pair):.1e}" for pair in zip(ours, exact_critic, strict=True)])
    outputs, head, advised, earned = policy_case(4)
    heads = torch.baddbmm(head[1].double(), outputs.double(), head[0].double())
    before = log_probability(heads[..., :ACTIONS], advised[0])
    noise = 0.3 * torch.randn_like(before)
    exact_losses, d_logits = policy_gradient(
        heads[..., :ACTIONS], Minibatch(advised[0], (before + noise).float().double(), advised[2].double()), 0.2, 0.1
    )
    made = policy_triton.head_gradient(
        outputs,
        head,
        Minibatch(advised[0], (before + noise).float(), advised[2]),
        earned,
        ACTIONS,
        policy_triton.Weighed(0.2, 0.1, 0.0),
    )
    exact_d = torch.bmm(d_logits, head[0][..., :ACTIONS].double().transpose(1, 2))
    losses = [f"{distance(*pair):.1e}" for pair in zip(made.losses.unbind(1), exact_losses, strict=True)]
    print("error policy", losses, f"{distance(made.outputs, exact_d):.1e}", "rows", rows, flush=True)


def critic_case(runs: int) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor], Tensor]:
    """Returns inputs, targets, layers, and the shape of flat weights."""
    columns = HIDDEN + ACTIONS + 3
    layers = 0.1 * draw(runs, columns, HIDDEN), draw(runs, HIDDEN, 4)
    like = torch.zeros(runs, columns * HIDDEN + HIDDEN * 4, device=DEVICE)
    return draw(runs, STEPS * LANES, columns), draw(runs, STEPS * LANES), layers, like


def policy_case(runs: int) -> tuple[Tensor, tuple[Tensor, Tensor], Minibatch, Tensor]:
    """Returns outputs, the head's weights, what was advised, and what was earned."""
    rows = runs, STEPS * LANES
    action = torch.randint(ACTIONS, rows, device=DEVICE)
    head = 0.1 * draw(runs, HIDDEN, HEAD), draw(runs, 1, HEAD)
    return draw(*rows, HIDDEN), head, Minibatch(action, draw(*rows) - 2.0, draw(*rows)), draw(*rows)


def bits() -> None:
    """Whether a run's outputs and gradients are the same bytes alone, among 16 and among 256."""
    for kind in ("gru", "lstm", "fast-weights"):
        memory = make_memory(kind, FEATURES, HIDDEN, 4, STEPS)
        weights, carry, x = memory_case(memory, 256, LANES)
        among = outcome(memory, weights, carry, x)
        for stack in (slice(7, 8), slice(0, 16)):
            mine = outcome(memory, {name: weight[stack] for name, weight in weights.items()}, carry[stack], x[stack])
            same = [bool(torch.equal(ours, all_[stack])) for ours, all_ in zip(mine, among, strict=True)]
            print("bits", kind, stack, same, flush=True)


def unroll_times(runs: int, lanes: int, kind: str = "gru") -> tuple[float, float]:
    """Returns the times of an unroll, and of the way back with all weights' gradients."""
    memory = make_memory(kind, FEATURES, HIDDEN, 4, STEPS)
    weights, carry, x = memory_case(memory, runs, lanes)
    leaves = {name: weight.requires_grad_() for name, weight in weights.items()}
    outputs = memory.unroll(leaves, carry, x)
    d_outputs = torch.randn_like(outputs)
    forward = milliseconds(lambda: memory.unroll(leaves, carry, x))
    back = milliseconds(lambda: torch.autograd.grad(outputs, list(leaves.values()), d_outputs, retain_graph=True))
    return forward, back


def settings() -> None:
    """The GRU under other precisions, warps and stages: forward and back in milliseconds, and how far from float64."""
    memory = make_memory("gru", FEATURES, HIDDEN, 4, STEPS)
    case = memory_case(memory, 4, LANES)
    double = {name: weight.double() for name, weight in case[0].items()}
    exact_states = memory.unroll(double, case[1].double(), case[2].double())
    for exact, warps, stages in product(("tf32x3", "bf16x6"), (4, 8), (1, 2)):
        with with_settings(gru_triton, PRECISION=exact, WARPS=warps, STAGES=stages):
            try:
                taken = [unroll_times(runs, LANES) for runs in (16, 1024)]
                apart = distance(memory.unroll(*case), exact_states)
            except Exception as error:
                print("setting", exact, warps, stages, "FAILED", repr(error)[:120], flush=True)
                continue
        shown = " ".join(f"{forward:.3f}+{back:.3f}" for forward, back in taken)
        print(f"setting gru {exact} warps {warps} stages {stages}: {shown} ms, error {apart:.1e}", flush=True)
    for lanes, exact, warps in product((32, 64, 128), ("tf32x3", "bf16x6"), (4, 8)):
        with with_settings(gru_triton, PRECISION=exact, WARPS=warps, MANY_LANES=lanes):
            try:
                print(f"setting step {lanes} lanes {exact} warps {warps}: {step_time(16, 10_000):.3f} ms", flush=True)
            except Exception as error:
                print("setting step", lanes, exact, warps, "FAILED", repr(error)[:120], flush=True)


def step_time(runs: int, lanes: int) -> float:
    """Returns the time of one step of a GRU, as an evaluation takes it."""
    memory = make_memory("gru", FEATURES, HIDDEN, 4, STEPS)
    weights, carry, x = memory_case(memory, runs, lanes, 1)
    state = draw(runs, lanes, HIDDEN)
    with torch.no_grad():
        return milliseconds(lambda: memory.step(weights, (state,), carry[:, :, None], x[:, 0]))


def times() -> None:
    """Each kernel at the fixed workload's sizes, in milliseconds."""
    for runs in RUNS:
        outputs, head, advised, earned = policy_case(runs)
        x, target, layers, like = critic_case(runs)
        flat, d_sums = draw(runs, 15392), draw(runs, 4, STEPS * LANES, HIDDEN)
        alive, norm = torch.ones(runs, dtype=torch.bool, device=DEVICE), torch.ones(runs, device=DEVICE)
        moments = flat.clone(), flat.abs()
        pace = torch.tensor(0.01, device=DEVICE), torch.tensor(0.5, device=DEVICE)
        weighed = policy_triton.Weighed(0.2, torch.tensor(0.1, device=DEVICE), 1.0)
        gru = make_memory("gru", FEATURES, HIDDEN, 4, STEPS)
        weights, carry, seen = memory_case(gru, runs, LIFETIMES, 1)
        state, uniform = draw(runs, LIFETIMES, HIDDEN), torch.rand(runs, LIFETIMES, device=DEVICE)
        reward = draw(4, runs, STEPS, LANES)

        @torch.no_grad()
        def step() -> None:
            gru.step(weights, (state,), carry[:, :, None], seen[:, 0])  # noqa: B023

        made = {
            "head gradient": lambda: policy_triton.head_gradient(outputs, head, advised, earned, ACTIONS, weighed),  # noqa: B023
            "critic gradient": lambda: critic_triton.value_gradient(x, target, layers, like),  # noqa: B023
            "values": lambda: critic_triton.values(x, *layers),  # noqa: B023
            "hidden sums": lambda: products_triton.sums_of_outer_products(outputs, d_sums, 3),  # noqa: B023
            "input sums": lambda: products_triton.sums_of_outer_products(outputs[..., :12].contiguous(), d_sums, 3, 3),  # noqa: B023
            "norms": lambda: adam_triton.norms(flat),  # noqa: B023
            "adam": lambda: adam_triton.step(flat, moments[0], moments, norm, pace, (0.5, alive)),  # noqa: B023
            "advantages": lambda: advantage_triton.advantages(reward, reward, 0.99, 0.9),  # noqa: B023
            "step": step,
            "choose": lambda: choice_triton.choose(state, head, uniform, ACTIONS),  # noqa: B023
        }
        shown = ", ".join(f"{name} {milliseconds(work):.3f}" for name, work in made.items())
        kinds = {kind: unroll_times(runs, LANES, kind) for kind in ("gru", "lstm", "fast-weights")}
        unrolls = ", ".join(f"{kind} {forward:.3f} + {back:.3f}" for kind, (forward, back) in kinds.items())
        print(f"times, {runs} runs: {unrolls}, {shown}", flush=True)


def profile() -> None:
    """What takes the time of one whole update, kernel by kernel."""
    from torch.profiler import ProfilerActivity

    for runs in (16, 1024):
        workload = Workload(runs=runs)
        setup = prepare(workload.study(), workload.stack(), DEVICE)
        updates = train(setup, begin_training(setup))
        for _ in range(4):
            next(updates)
        torch.cuda.synchronize()
        with torch.profiler.profile(activities=[ProfilerActivity.CUDA]) as seen:
            next(updates)
            torch.cuda.synchronize()
        events = sorted(seen.key_averages(), key=lambda one: -one.device_time_total)
        total = sum(one.device_time_total for one in events) / 1e3
        print(f"profile, {runs} runs: {total:.1f} ms of kernels, {sum(one.count for one in events)} launches")
        for one in events[:22]:
            print(f"  {one.device_time_total / 1e3:8.2f} ms {one.count:6d} × {one.key[:90]}", flush=True)


PARTS = {"errors": errors, "bits": bits, "settings": settings, "times": times, "profile": profile}


def main() -> None:
    """Does the parts that are named, or all."""
    print("card", torch.cuda.get_device_name(0) if DEVICE == "cuda" else "none", "torch", torch.__version__, flush=True)
    for name in sys.argv[1:] or PARTS:
        try:
            with on_one_stream():
                PARTS[name]()
        except Exception:
            print("FAILED", name, traceback.format_exc()[-1500:], flush=True)


if __name__ == "__main__":
    main()
