"""What was not shown, with numbers; what is open is never called absent."""

from __future__ import annotations

from collections.abc import Mapping

from ingredients.grid import Cell
from ingredients.judgement.results import CellResult, Interval
from ingredients.judgement.scores import late
from ingredients.judgement.statistics import t_interval
from ingredients.judgement_input.references import References
from ingredients.study import Criterion
from ingredients.study.messages import several
from ingredients.study.seeds import MOST_INFORMED

_FULL = Cell(True, True, True, True)


def worth_not_shown(references: References, criterion: Criterion) -> str:
    """Returns that knowing the task, as `informed` does, is not shown to pay."""
    lates = [late(run.plain) for run in references.roles["yardstick"].runs]
    earned = t_interval(lates, criterion.confidence)
    floor = late(references.roles["floor"].curve)
    agents = several(len(lates), "informed agent")
    return (
        f"it is not shown with {agents} that knowing the task helps. Late in a lifetime the agent that is shown the "
        f"task ({references.yardstick}) earns {_raw(earned)} {references.axis.each}, and the floor "
        f"({references.floor}) {floor:.4g}. "
        f"{_advice(earned, floor, len(lates))}"
    )


def _advice(earned: Interval, floor: float, agents: int) -> str:
    if earned.mean is None or earned.mean <= floor:
        return "Either all tasks ask for the same behaviour, or more learner.train_steps are needed"
    if earned.low is None:
        return "One seed gives no interval: give 2 seeds or more"
    if agents >= MOST_INFORMED:
        return "More learner.train_steps would tell"
    return f"More seeds (each trains an informed agent, up to {MOST_INFORMED}) or more learner.train_steps would tell"


def reaction_suffices(cells: Mapping[Cell, CellResult], criterion: Criterion) -> str | None:
    """Returns that no agent can be in-context, if memoryless ones come within δ of the yardstick."""
    without = cells.get(_FULL.lacking("memory"))
    if without is None or without.late.mean is None or 1 - without.late.mean > criterion.gain_above:
        return None
    shown = without.late.low is not None and 1 - without.late.low <= criterion.gain_above
    return (
        f"A reaction to the last step {'solves' if shown else 'may solve'} these tasks. Without memory the late score "
        f"is {_score(without.late)} over {several(without.seeds, 'seed')}, where 1 is the "
        f"yardstick. So no memory can add the {criterion.gain_above:g} that in-context learning requires."
    )


def _raw(value: Interval) -> str:
    return _bounded(value, ".4g")


def _score(value: Interval) -> str:
    return _bounded(value, ".2f")


def _bounded(value: Interval, form: str) -> str:
    mean = "nothing" if value.mean is None else f"{value.mean:{form}}"
    return mean if value.low is None or value.high is None else f"{mean} [{value.low:{form}}, {value.high:{form}}]"
