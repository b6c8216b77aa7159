"""Studies of every shape for pictures, their reports, and where text stands on a figure."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from synthetic import bandit_study, write_results

from ingredients.grid import runs
from ingredients.report.build import Report, read_report

ON = {"reward_observation": [True], "action_observation": [True], "memory": [True], "task_distribution": [True]}


SHORT = {"family": "bernoulli-bandit", "arms": 5, "episodes": 10}


OWN = "a_package.of_research:LongMemory"


STUDIES: dict[str, dict[str, object]] = {
    "sixteen": {"ingredients": {}, "seeds": 3},
    "one": {"ingredients": ON},
    "one-seed": {"ingredients": {**ON, "memory": [False, True]}, "seeds": 1},
    "five-episodes": {"ingredients": {**ON, "memory": [False, True]}, "tasks": {**SHORT, "episodes": 5}},
    "line": {"ingredients": {**ON, "task_distribution": [False, 2, 4, 16, 64, 100_000, True]}, "seeds": 2},
    "graded": {
        "ingredients": {
            **ON,
            "reward_observation": [False, 0.25, 0.75, True],
            "memory": [False, {"wipe_every": 100}, True],
        },
        "seeds": 2,
    },
    "wide": {"ingredients": {**ON, "memory": [False, *({"wipe_every": k} for k in range(2, 6)), True]}, "seeds": 2},
    "kinds": {"ingredients": {**ON, "memory": [False, True, "lstm", "transformer", "window", "none"]}, "seeds": 2},
    "kinds-by-reward": {
        "ingredients": {**ON, "reward_observation": [0.25, True], "memory": [False, True, "transformer", OWN]},
        "seeds": 2,
    },
    "kinds-in-rows": {
        "ingredients": {
            "reward_observation": [0.25, True],
            "memory": [False, True, "transformer", OWN],
            "task_distribution": [100_000, True],
        },
        "seeds": 1,
    },
    "kinds-by-tasks": {
        "ingredients": {**ON, "memory": [True, OWN], "task_distribution": [100_000, True]},
        "seeds": 2,
    },
}


@cache
def report_of(name: str, incomplete: bool = False) -> Report:
    """Returns the report of one of `STUDIES`, read once for all tests; its folder is gone."""
    with tempfile.TemporaryDirectory() as folder:
        return made(Path(folder) / "bandit", STUDIES[name], incomplete)


def made(folder: Path, changes: dict[str, object], incomplete: bool = False) -> Report:
    """Returns the report of a study of short lifetimes."""
    study = bandit_study(**{"tasks": SHORT, "evaluation": {"points": 2}, **changes})
    names = [run.id for run in runs(study)]
    lost = [name for name in names if name.startswith("reward-off_action-on_memory-on")] if incomplete else []
    write_results(folder, study, missing=lost, failed=[names[-1]] if incomplete else [])
    return read_report(folder)


def texts(figure: Figure) -> Iterator[tuple[str, Bbox]]:
    """Yields every text that is shown, with its place in pixels."""
    beyond = set()
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        beyond |= {tick.label1 for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high}
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if text not in beyond and text.get_visible() and text.get_text().strip():
            yield text.get_text(), text.get_window_extent()


def shared_area(one: Bbox, other: Bbox) -> float:
    """Returns the area in pixels that two places share."""
    common = Bbox.intersection(one, other)
    return 0.0 if common is None else float(common.width * common.height)
