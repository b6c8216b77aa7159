"""What is seen and done in spaces of any kind, by hand: numbers, symbols, pixels, words, and all of them nested."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import minigrid  # noqa: F401 - registers its environments
import numpy as np
import pytest
import torch
from benchmarks.spaces import stepped
from gymnasium import spaces

from ingredients.boundary.failures import Unfit
from ingredients.errors import StudyError
from ingredients.gyms.actions import reach_of
from ingredients.gyms.lane import Lane
from ingredients.gyms.recipe import Recipe
from ingredients.gyms.spaces import Sight, sight_of
from ingredients.gyms.words import WORDS
from ingredients.tasks.pixels import pixels

FAR = np.inf


def sight(space: spaces.Space[Any]) -> Sight:
    """Returns how a space's observations are read."""
    return sight_of("t", space)


@pytest.mark.parametrize(
    ("space", "shown", "seen"),
    [
        (spaces.Box(-FAR, FAR, (2, 2), np.float64), [[1.0, 2.0], [3.0, 1e9]], [1, 2, 3, 1e9]),
        (spaces.Box(-1, 1, (1, 2, 1), np.float32), [[[0.5], [-1.0]]], [0.5, -1]),
        (spaces.Box(0, 255, (1, 2), np.uint8), [[200, 3]], [200, 3]),
        (spaces.Box(0, 9, (3,), np.int64), [0, 9, 4], [0, 9, 4]),
        (spaces.Box(-1, 1, (1, 2), np.int8), [[-1, 1]], [1, 0, 0, 0, 0, 1]),
        (spaces.Box(np.array([[0, 5]]), np.array([[1, 7]]), dtype=np.int16), [[1, 6]], [0, 1, 0, 1, 0]),
        (spaces.Box(0, 1, (2, 2), np.int8), [[1, 0], [0, 1]], [1, 0, 0, 1]),
        (spaces.Discrete(3, start=5), 6, [0, 1, 0]),
    ],
)
def test_arrays_become_numbers_or_symbols(space: spaces.Space[Any], shown: Any, seen: list[float]) -> None:  # noqa: ANN401
    """Any shape and type is flattened; whole numbers with few values in two or more dimensions become one-hots."""
    given = np.array(shown, space.dtype) if isinstance(space, spaces.Box) else shown
    assert sight(space).read(given).tolist() == np.array(seen, np.float32).tolist()


def test_bounds_scale_numbers_of_any_shape() -> None:
    """What a Box says is usual is known for each number of an array; of whole numbers it is not, and that is said."""
    low, high = np.array([[-1, -FAR], [0, -2e6]], np.float32), np.array([[1, FAR], [5, 2e6]], np.float32)
    found = sight(spaces.Box(low, high, dtype=np.float32))
    assert found.low.tolist() == [-1, -FAR, 0, -FAR]
    assert found.high.tolist() == [1, FAR, 5, FAR]
    assert found.measured.all()
    assert found.notices == ()
    (said,) = sight(spaces.Dict({"grid": spaces.Box(0, 255, (7, 7), np.uint8)})).notices
    assert said.startswith("observation['grid'] is an array of whole numbers whose bounds do not say which it holds")


def test_symbols_that_are_none_are_refused() -> None:
    """A cell beyond its bounds is named: no column stands for it."""
    with pytest.raises(Unfit, match=r"observation \[0, 1\] is 7, not 0 to 3; expected: one of its space"):
        sight(spaces.Box(0, 3, (2, 2), np.int64)).read(np.array([[0, 7], [1, 1]]))


def test_the_object_in_each_cell_of_minigrid_is_seen() -> None:
    """Its bounds are those of a byte; its own encoding says that a cell is one of 11 objects, 6 colours, 4 states."""
    lane = Lane(Recipe("MiniGrid-DoorKey-5x5-v0"), ())
    shown, _ = lane._made.reset(seed=3)
    row = lane.sight.read(shown)
    grid = row[4 : 4 + 49 * 21].reshape(49, 21)
    image = shown["image"].reshape(49, 3)
    assert (grid[:, :11].argmax(1) == image[:, 0]).all()
    assert (grid[:, 11:17].argmax(1) == image[:, 1]).all()
    assert (grid[:, 17:].argmax(1) == image[:, 2]).all()
    assert (grid.sum(1) == 3).all()
    assert row[:4].argmax() == shown["direction"]
    assert row[4 + 49 * 21 :].any()
    assert len(row) == lane.sight.size == 4 + 49 * 21 + 2 * WORDS
    assert {4, 5} <= set(image[:, 0].tolist())  # a door and a key: quantities would put them side by side
    assert not lane.sight.measured.any()


def test_the_whole_grid_of_minigrid_is_symbols_too() -> None:
    """Its wrappers that show the encoding are read as it is; the agent's direction is a fourth state."""
    wrappers = ("minigrid.wrappers:FullyObsWrapper", "minigrid.wrappers:ImgObsWrapper")
    lane = Lane(Recipe("MiniGrid-Empty-5x5-v0", wrappers=wrappers), ())
    row = lane.sight.read(lane._made.reset(seed=0)[0]).reshape(25, 21)
    assert (row.sum(1) == 3).all()
    assert (row[:, 10] == 1).sum() == 1  # one cell holds the agent


def shown(found: Sight, image: Any) -> Any:  # noqa: ANN401 - an array
    """Returns the pixels `[H, W, C]` that the words of an image stand for."""
    words = torch.from_numpy(found.read(image))
    assert words.max() < 2**24
    return pixels(words, found.frames[0]).numpy()


def test_images_are_made_small_by_the_mean_of_blocks() -> None:
    """Sides of at most 64, a byte for each colour of a pixel; with channels first it is the same image."""
    space = spaces.Box(0, 255, (100, 96, 3), np.uint8)
    image = space.sample()
    image[0:2, 0:2, 1] = [[10, 20], [30, 41]]
    found = sight(space)
    assert found.frames == ((50, 48, 3),)
    seen = shown(found, image)
    assert seen[0, 0, 1] == 25  # 25.25
    assert np.allclose(seen, image.astype(float).reshape(50, 2, 48, 2, 3).mean((1, 3)), atol=0.501)
    first = sight(spaces.Box(0, 255, (3, 100, 96), np.uint8))
    assert first.frames == ((50, 48, 3),)
    assert np.array_equal(first.read(image.transpose(2, 0, 1)), found.read(image))


@pytest.mark.parametrize(
    ("space", "frames"),
    [
        (spaces.Box(0, 255, (210, 160, 3), np.uint8), ((53, 54, 3),)),
        (spaces.Box(0, 255, (4, 84, 84, 3), np.uint8), ((42, 42, 12),)),
        (spaces.Box(0, 1, (40, 33), np.float32), ((40, 33, 1),)),
        (spaces.Box(0, 255, (31, 40, 3), np.uint8), ()),
        (spaces.Box(-FAR, FAR, (40, 40), np.float32), ()),
    ],
)
def test_what_is_an_image(space: spaces.Box, frames: object) -> None:
    """Two sides of 32 or more and the same finite bounds everywhere; all other dimensions are channels."""
    assert sight(space).frames == frames


@pytest.mark.parametrize(
    ("space", "symbols"),
    [
        (spaces.Discrete(16), True),
        (spaces.Tuple([spaces.Discrete(32), spaces.Discrete(11), spaces.Discrete(2)]), True),
        (spaces.MultiDiscrete([3, 4]), True),
        (spaces.Tuple([spaces.Discrete(3), spaces.MultiBinary(4), spaces.Text(8)]), True),
        (spaces.Box(0, 10, (7, 7, 3), np.uint8), True),
        (spaces.Box(0, 1, (7, 7), np.int64), True),
        (spaces.Box(0, 255, (7, 7, 3), np.uint8), False),
        (spaces.Box(0, 1, (16,), np.int64), False),
        (spaces.Box(-1, 1, (3,), np.float32), False),
        (spaces.Dict(place=spaces.Discrete(16), speed=spaces.Box(-FAR, FAR, (1,), np.float32)), False),
        (spaces.Dict(place=spaces.Discrete(16), seen=spaces.Box(0, 255, (32, 32, 3), np.uint8)), False),
    ],
)
def test_which_observations_are_symbols_alone(space: spaces.Space[Any], symbols: bool) -> None:
    """One quantity or one image among symbols is enough that they are not."""
    assert sight(space).is_symbols == symbols


def test_a_frame_of_uneven_sides_keeps_its_last_rows() -> None:
    """210 rows in blocks of four leave two, which are a block of their own."""
    image = np.zeros((210, 160), np.uint8)
    image[208:] = 255
    seen = shown(sight(spaces.Box(0, 255, (210, 160), np.uint8)), image)
    assert seen.shape == (53, 54, 1)
    assert (seen[52] == 255).all()
    assert not seen[:52].any()


@pytest.mark.parametrize("pixel", [-0.1, 1.1, np.inf, np.nan])
def test_pixels_beyond_their_bounds_are_refused(pixel: float) -> None:
    """No byte stands for them."""
    image = np.full((32, 32), 0.5, np.float32)
    image[3, 4] = pixel
    with pytest.raises(Unfit, match=r"observation from \S+ to \S+; expected: as its space Box"):
        sight(spaces.Box(0, 1, (32, 32), np.float32)).read(image)


def test_texts_tell_their_words_and_neighbours() -> None:
    """The same words in another order share their columns and not their pairs'; what is no text is refused."""
    found = sight(spaces.Text(60))
    one, other = found.read("put the red ball next to the Key"), found.read("put the key next to the red ball")
    assert np.array_equal(one[:WORDS], other[:WORDS])
    assert not np.array_equal(one[WORDS:], other[WORDS:])
    assert one[:WORDS].sum() == 7
    assert not found.read("").any()
    with pytest.raises(Unfit, match="observation 3; expected: a text"):
        found.read(3)


def test_parts_of_a_whole_stand_behind_one_another_images_first() -> None:
    """Nested dicts and tuples keep Gymnasium's order; pixels come before everything else."""
    camera = spaces.Box(0, 255, (32, 32), np.uint8)
    inner = spaces.Tuple([spaces.MultiBinary(2), spaces.Box(-1, 1, (1, 2))])
    space = spaces.Dict({"a": spaces.Discrete(2), "b": inner, "camera": camera})
    shown = {"a": 1, "b": (np.array([1, 0], np.int8), np.array([[0.5, -0.5]], np.float32))}
    row = sight(space).read({**shown, "camera": np.full((32, 32), 255, np.uint8)})
    assert row[:341].tolist() == [2**24 - 1] * 341
    assert row[341:].tolist() == [255, 0, 1, 1, 0, 0.5, -0.5]  # 1024 bytes, three in a number; then the rest


def test_actions_of_several_parts_are_joint_choices_or_one_vector() -> None:
    """By hand: the last part changes fastest; vectors are cut into parts. The two together are refused by name."""
    two = spaces.Tuple([spaces.Discrete(3, start=1), spaces.Dict({"x": spaces.MultiBinary(2)})])
    reach = reach_of("t", two)
    assert (reach.actions, reach.continuous) == (12, False)
    first, last = reach.taken(np.array([[1.0], [11.0]]))
    assert (first[0], first[1]["x"].tolist()) == (1, [0, 1])
    assert (last[0], last[1]["x"].tolist()) == (3, [1, 1])
    assert two.contains(first)
    vector = spaces.Tuple([spaces.Box(0, 2, (1,)), spaces.Box(-1, 1, (1, 2))])
    reach = reach_of("t", vector)
    assert (reach.actions, reach.continuous) == (3, True)
    (taken,) = reach.taken(np.array([[0.5, 0.25, -2.0]], np.float32))
    assert [part.tolist() for part in taken] == [[1.5], [[0.25, -1.0]]]
    with pytest.raises(StudyError, match="choices and vectors together are not; a wrapper can"):
        reach_of("t", spaces.Tuple([spaces.Discrete(2), spaces.Box(0, 1, (1,))]))


SAMPLE = {
    "gymnasium": ("Taxi-v4", "Blackjack-v1", "HalfCheetah-v5", "LunarLander-v3", "CarRacing-v3"),
    "minigrid": ("MiniGrid-MemoryS7-v0", "BabyAI-GoToObj-v0"),
    "popgym": ("popgym-CountRecallEasy-v0", "popgym-MineSweeperEasy-v0"),
    "highway_env": ("roundabout-v0", "racetrack-v0", "parking-v0", "intersection-multi-agent-v0"),
    "ale_py": ("ALE/Pong-v5",),
}


@pytest.mark.parametrize(("package", "name"), [(package, name) for package, ids in SAMPLE.items() for name in ids])
def test_a_sample_of_what_people_use_is_accepted(
    package: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made and reset, and three steps show finite numbers of the size stated; `benchmarks.spaces` tries all."""
    pytest.importorskip(
        {"HalfCheetah-v5": "mujoco", "LunarLander-v3": "Box2D", "CarRacing-v3": "Box2D"}.get(name, package)
    )
    monkeypatch.chdir(tmp_path)  # MuJoCo writes a log where it stands
    assert stepped(f"{package}:{name}" if package != "gymnasium" else name).sight.size > 0


def test_spaces_that_are_no_numbers_are_refused_by_name() -> None:
    """Graphs, sequences of any length, one space of several."""
    for space in (
        spaces.Graph(spaces.Discrete(2), None),
        spaces.Sequence(spaces.Discrete(2)),
        spaces.OneOf([spaces.Discrete(2)]),
    ):
        with pytest.raises(StudyError, match=rf"the space {type(space).__name__} are not supported"):
            sight(space)


def test_a_space_without_a_number_is_refused() -> None:
    """An empty box, an empty array of symbols, an image without rows or colours, and a dict of nothing."""
    empty: list[spaces.Space[Any]] = [spaces.Box(0, 255, shape, np.uint8) for shape in ((0, 84, 3), (84, 84, 0))]
    empty += [spaces.Box(-1, 1, (0,)), spaces.Box(0, 1, (0, 5), np.int64), spaces.Dict({})]
    for space in empty:
        with pytest.raises(StudyError, match="hold no number"):
            sight(space)
