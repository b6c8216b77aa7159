"""Named streams: equal keys give equal draws, and no two purposes share one."""

from __future__ import annotations

import torch

from ingredients.seeds import Purpose, generator, stream_key


def test_a_stream_is_a_function_of_its_name() -> None:
    """The same seed, purpose and index draw the same numbers, whatever was drawn before."""
    torch.rand(7)
    first = torch.rand(5, generator=generator(3, Purpose.TRAINING_NOISE, 11))
    assert torch.equal(first, torch.rand(5, generator=generator(3, Purpose.TRAINING_NOISE, 11)))


def test_streams_do_not_meet() -> None:
    """No two of the purposes, seeds and indices share a key."""
    keys = {stream_key(seed, purpose, index) for seed in range(20) for purpose in Purpose for index in range(-5, 50)}
    assert len(keys) == 20 * len(Purpose) * 55


def test_keys_are_fixed_for_ever() -> None:
    """The key of a stream is a literal: a changed hash would change every stored result."""
    assert stream_key(0, Purpose.WEIGHTS) == 309623225
