"""Grids on GPUs, as far as that can be seen without one: who works where, what stands side by side, what is said."""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from ingredients.engine import calls, gpus
from ingredients.engine.local import LocalEngine
from ingredients.engine.protocol import Finished, Job, Needs, Started
from ingredients.errors import UsageError
from ingredients.grid import Stack, cells, runs, stacks
from ingredients.grid_run.bench_text import card_bench_text
from ingredients.grid_run.estimate import Estimate
from ingredients.grid_run.fitting import fitting, side_by_side
from ingredients.grid_run.jobs import GridPart, Remaining
from ingredients.grid_run.on_gpus import CardBench
from ingredients.grid_run.plan import plan_text
from ingredients.study import Study, parse_study
from ingredients.training.ahead import Ahead
from ingredients.training.cost import card_needs, device_memory_by_runs, memory_by_runs, memory_estimate

VISIBLE = ("os:getenv", ("CUDA_VISIBLE_DEVICES",))
CPU = torch.device("cpu")


def study_of(memories: list[object], seeds: int) -> Study:
    """Returns a study with two cells for each memory."""
    levels = {"reward_observation": [True], "action_observation": [True], "memory": memories}
    tasks = {"family": "bernoulli-bandit", "arms": 2, "episodes": 10}
    return parse_study({"name": "t", "tasks": tasks, "ingredients": levels, "seeds": seeds}, "test")


def rest_of(study: Study) -> Remaining:
    """Returns all of it."""
    return Remaining(study, runs(study), stacks(study), frozenset(), references=True)


@pytest.mark.parametrize(
    ("memories", "gpus", "sizes"),
    [([True], 1, [40]), ([True], 3, [13, 13, 14]), ([True, "lstm"], 1, [40, 40]), ([True, "lstm"], 4, [20] * 4)],
)
def test_all_runs_of_a_kind_stand_side_by_side(memories: list[object], gpus: int, sizes: list[int]) -> None:
    """One stack for each kind of memory, more where GPUs would be idle; every run is in one, and keys are unique."""
    rest = rest_of(study_of(memories, seeds=20))
    wide = side_by_side(rest, gpus)
    assert [len(stack.runs) for stack in wide.stacks] == sizes
    assert {run for stack in wide.stacks for run in stack.runs} == set(rest.runs)
    assert len({GridPart(stack).key for stack in wide.stacks}) == len(sizes)
    assert side_by_side(replace(rest, stacks=()), gpus).stacks == ()


def test_a_stack_that_does_not_fit_in_the_gpu_is_cut() -> None:
    """At 100 bytes a run and 1000 free, forty runs are four stacks of ten."""
    wide = side_by_side(rest_of(study_of([True], seeds=20)), 1)
    cut = fitting(wide, {"gru": [100 * count for count in range(1, 41)]}, 1000)
    assert [len(stack.runs) for stack in cut.rest.stacks] == [10] * 4


def test_what_needs_no_gpu_is_done_beside_the_stacks() -> None:
    """The references get the helper, which sees the first GPU, too, while a stack has the worker of its own."""
    jobs = [Job("references", *VISIBLE), *(Job(f"stack-{n}", *VISIBLE, needs=Needs(0, 1.0)) for n in range(2))]
    with LocalEngine(1, gpus=("7",), helper=True) as engine:
        events = list(engine.run(jobs))
    seen = {event.job.key: event.result for event in events if isinstance(event, Finished)}
    assert seen == {"references": "7", "stack-0": "7", "stack-1": "7"}
    assert [event.job.key for event in events[:2] if isinstance(event, Started)] == ["references", "stack-0"]


def test_a_question_is_put_to_the_worker_that_has_the_gpu() -> None:
    """It has loaded torch by then; without a helper everything is as ever."""
    question = Job("question", *VISIBLE, limited=False)
    with LocalEngine(1, gpus=("7",), helper=True) as engine:
        assert calls.results_of(engine, [question]) == ["7"]
    with LocalEngine(1, gpus=("7",)) as engine:
        assert calls.results_of(engine, [Job("references", *VISIBLE)]) == ["7"]


def test_memory_of_a_gpu_grows_with_the_runs() -> None:
    """Run by run by the same amount, and what training holds on a CPU is part of it."""
    study = study_of([True], seeds=20)
    needs = device_memory_by_runs(study, Stack(0, runs(study)))
    assert len(needs) == 40
    assert all(abs(later - before - needs[1] + needs[0]) <= 1 for before, later in pairwise(needs))
    whole = memory_by_runs(study, Stack(0, runs(study)))
    assert whole[-1] == memory_estimate(study, Stack(0, runs(study)))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_torch_without_cuda_is_said() -> None:
    """The driver may find a GPU that torch cannot use."""
    study = study_of([True], seeds=1)
    with pytest.raises(UsageError, match="torch finds no CUDA device here"):
        card_needs(study, Stack(0, runs(study)))
    with pytest.raises(UsageError, match="torch finds no CUDA device here"):
        gpus.cuda_gpus()


def test_the_plan_says_whose_memory_it_is() -> None:
    """A GPU's."""
    study = study_of([True], seeds=20)
    cost = Estimate(1, 2_500_000_000, 1e7, 12.0, device="cuda")
    text = plan_text(rest_of(study), cells(study), Path("results/t"), None, cost)
    assert "memory    2.5 GB (1 x 2.5 GB) of a GPU\n" in text


def test_the_benchmark_of_a_gpu_as_text() -> None:
    """One line for the card, a row for each number of runs."""
    row = {"runs": 1024, "env_steps_per_second": 22.9e6, "first_update_s": 6.17, "recording_s": 0.331}
    bench = CardBench("H100", "2.11", [{**row, "peak_memory_bytes": 6.42e9}], {})
    assert card_bench_text(bench).splitlines() == [
        "H100; torch 2.11",
        "",
        "runs  env steps/s  first update  recording  peak memory",
        "1024   22,900,000        6.17 s     0.33 s       6.4 GB",
    ]


def test_draws_come_in_turn_and_before_they_are_asked_for() -> None:
    """Two storages, five indices: each is drawn once, in order, by another thread, two at most ahead of who takes."""
    drawn: list[int] = []
    storages: list[list[int]] = [[], []]
    threads = set()

    def draw(index: int, storage: list[int]) -> None:
        threads.add(threading.current_thread().name)
        drawn.append(index)
        storage[:] = [index]

    ahead = Ahead(draw, storages, range(5), CPU)
    for index in range(5):
        with ahead.next() as storage:
            assert storage == [index]
            assert len(drawn) <= index + 2
    ahead.close()
    assert drawn == list(range(5))
    assert threading.current_thread().name not in threads


def test_a_mistake_in_drawing_is_raised_where_it_is_waited_for() -> None:
    """A thread must not lose it."""

    def draw(index: int, storage: list[int]) -> None:
        raise ValueError(f"{index} {storage}")

    ahead = Ahead(draw, [[1]], range(3), CPU)
    with pytest.raises(ValueError, match=r"^0 "), ahead.next():
        pass
    ahead.close()
