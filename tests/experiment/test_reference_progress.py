"""How far the job of the references is said to be."""

from __future__ import annotations

from ingredients.experiment import Progress
from ingredients.experiment.reference_progress import counted, in_a_row


def test_trainings_in_a_row_add_up() -> None:
    """The steps of the second training stand on those of the first; what trains nothing changes nothing."""
    told: list[Progress] = []
    tell = in_a_row(told.append)
    for message in (
        *(Progress("references", step, 100, 3 * step) for step in (50, 100, 40)),
        Progress("references", doing="playing known policies"),
        Progress("references", 100, 100, 300),
    ):
        tell(message)
    assert [each.env_steps for each in told] == [150, 300, 420, 420, 600]


def test_the_rest_takes_as_long_as_what_is_done_took() -> None:
    """Two of eight pieces in ten seconds leave thirty; while none is done nothing is known."""
    told: list[Progress] = []
    times = iter((0.0, 100.0, 110.0, 140.0))
    tell = counted(told.append, "measuring", "decoders", clock=lambda: next(times))
    for so_far in (0, 2, 8):
        tell(so_far, 8)
    assert [each.part_seconds_left for each in told] == [None, 30.0, 0.0]
    assert told[1].doing == "measuring, 2 of 8 decoders"
