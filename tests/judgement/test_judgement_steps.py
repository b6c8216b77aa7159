"""The rule on the axis of steps: known policies, really played in one long episode, come out by their mechanism."""

from __future__ import annotations

import numpy as np
import pytest
from foreign_lives import family_of, tasks_of
from step_environments import ARMS, Counting, WinStay

from ingredients.judgement.calibration import calibrate, scale_of
from ingredients.judgement.evidence import gains
from ingredients.judgement.findings import Calibration
from ingredients.judgement.scores import Scale
from ingredients.judgement_input.curves import BlockCurves
from ingredients.judgement_input.references import References, read_references
from ingredients.references import Reference, _evaluate
from ingredients.references.at_random import AtRandom
from ingredients.references.policy import ReferencePolicy
from ingredients.references.simulation import simulate
from ingredients.study import Criterion
from ingredients.study.axis import Axis

TASKS, RUNS, BINS, BIN = 80, 2, 40, 5
POLICIES: dict[str, ReferencePolicy] = {"random": AtRandom(ARMS), "reactive": WinStay(), "counting": Counting()}


@pytest.fixture(scope="module")
def references() -> References:
    """A policy of each kind on ten arms, in one episode of 200 steps."""
    vary = {"best": {"choices": [7, 8, 9]}}
    family = family_of(
        "step_environments:Arms", axis="steps", episodes=1, episode_steps=BINS * BIN, bin_steps=BIN, vary=vary
    )
    tasks = tasks_of(family, TASKS)

    def played(name: str) -> Reference:
        return Reference(name, False, None, lambda tasks, run: simulate(family, POLICIES[name], tasks, run))

    stored = {name: _evaluate(played(name), tasks, range(RUNS), True) for name in POLICIES}
    roles = {"floor": "random", "reactive": "reactive", "yardstick": "counting"}
    return read_references({**roles, "references": stored, "axis": Axis("step", BINS, BIN)})


def test_known_policies_come_out_by_their_mechanism(references: References) -> None:
    """Random arms are none, win-stay reactive, and counts, which know their arm within twenty steps, in-context."""
    found: Calibration = calibrate(references, scale_of(references), Criterion())
    assert found.passed, found.reason
    assert found.verdicts == {"floor": "none", "reactive": "reactive", "yardstick": "in-context"}


def test_what_is_known_within_twenty_steps_shows(references: References) -> None:
    """Over five episodes of 40 steps the same curve is flat: the task is known before the first of them is over."""
    counting, scale = references.all["counting"].curve, scale_of(references)
    assert scale.gain(counting) > 0.4
    by_episode = counting.reshape(5, -1).sum(1)
    assert by_episode[0] > 0.6 * by_episode[-1]
    knows = counting[4:20].mean()
    assert counting[:2].mean() < 0.5 * knows
    assert counting[20:22].mean() > 0.9 * knows  # the new episode half-way finds it with what it knows


def test_the_course_of_an_episode_is_no_gain() -> None:
    """Bins are compared at the same places of an episode: who does the same in both halves gains nothing."""
    course = np.array([0.0, 0.2, 0.6, 0.9, 1.0])
    curve, floor = np.concatenate([course, course]), np.zeros(10)
    over_steps, over_episodes = (Scale(floor, 1.0, of_steps=of_steps) for of_steps in (True, False))
    assert over_steps.gain(curve) == 0
    assert over_episodes.gain(curve) == pytest.approx(0.85)
    learned = np.concatenate([course - 0.3, course])
    assert over_steps.gain(learned) == pytest.approx(0.3)
    blocks = BlockCurves(np.stack([curve, learned]))
    assert gains(blocks, over_steps) == pytest.approx([0, 0.3])
