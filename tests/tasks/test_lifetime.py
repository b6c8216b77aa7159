"""How lanes find others on another task, and what is exchanged between them."""

from __future__ import annotations

import torch

from ingredients.tasks import lifetime
from ingredients.tasks.interval_reproduction import IntervalReproduction


def test_the_nearest_lane_before_on_another_task() -> None:
    """By hand, in a ring: lane 0 looks past lanes 4 and 3, which are on its task; each leading run by itself."""
    few = torch.tensor([[1.0], [2.0], [2.0], [1.0], [1.0]])
    many = torch.arange(5.0).unsqueeze(-1)
    same = torch.ones(5, 1)
    found = lifetime.others(torch.stack([few, many, same]))
    assert found.tolist() == [[2, 0, 0, 2, 2], [4, 0, 1, 2, 3], [4, 0, 1, 2, 3]]
    assert lifetime.others(few).tolist() == [2, 0, 0, 2, 2]
    assert lifetime.others(few[:1]).tolist() == [0]
    assert lifetime.others(torch.zeros(3, 0)).tolist() == [2, 0, 1]


def test_among_many_tasks_it_is_the_lane_before_to_the_bit() -> None:
    """What is taken from others is what a roll would give, whatever dimensions follow that of the lanes."""
    tasks = torch.rand(2, 7, 3, generator=torch.Generator().manual_seed(0))
    neighbours = lifetime.others(tasks)
    for part in (torch.rand(2, 7), torch.rand(2, 7, 4), torch.rand(2, 7, 4, 5), torch.rand(2, 7, 0)):
        assert torch.equal(lifetime.of_others(part, neighbours), part.roll(1, dims=1))


def test_what_was_written_is_swapped_and_shown() -> None:
    """Each lane stands where one with another interval stood, and sees it; the clock stays its own."""
    family = IntervalReproduction(5, 5, 2, 4, 2.0)
    tasks = torch.tensor([[0.5], [0.5], [1.0]])
    state = torch.tensor([[1.0, 10.0], [2.0, 10.0], [4.0, 10.0]])
    world = lifetime.World(state, family.shown(tasks, state), torch.zeros(3, dtype=torch.bool))
    swapped = lifetime.swap_written(family, tasks, world)
    assert swapped.state.tolist() == [[4.0, 10.0], [4.0, 10.0], [2.0, 10.0]]
    assert swapped.observation[:, 2].tolist() == [1.0, 1.0, 0.5]
    assert world.state is state
