"""Rows and lists that terminal and Markdown share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ingredients.judgement import CellResult, IngredientResult, Judgement, ReferenceResult
from ingredients.judgement.words import bounded_share, counted_runs, describe, few, listed
from ingredients.judgement_input.gather import Evidence, go_on
from ingredients.judgement_input.references import INFORMED
from ingredients.report import wording
from ingredients.report.curves import ShownCurves
from ingredients.report.facts import facts
from ingredients.report.layout import fullest_first
from ingredients.report.routes import route_lines
from ingredients.study import INGREDIENTS
from ingredients.study.axis import Axis, axis_of
from ingredients.study.messages import several

FAILED = "Failed runs"
OTHER_ROUTES = "Ingredients by another route"
PROBABILITY = "probability that a run with it scores higher than one without"
P_OF_LOSS = "p of that loss"
_WHY: dict[str | None, str] = {
    "information": "the information is missing",
    "training": "training does not bring it about",
    "definition": "by definition: nothing is carried",
    None: wording.NOTHING,
}
NEEDED_BY_RUNS = (
    "Needed is about how many runs learn in context, with the ingredient and without it. The last three columns are "
    "about late scores. So an agent can lose score without an ingredient although many runs still learn."
)
INFORMED_SCALE = (
    "It is an agent that is shown the task and trained with the same budget. It is no upper bound, so "
    "scores above 1 are possible."
)
_MOST_SCORES = 12


def ordered(judgement: Judgement) -> list[CellResult]:
    """Returns the judged cells, the fullest first."""
    results = {result.cell: result for result in judgement.cells}
    return [results[cell] for cell in fullest_first(list(results))]


def gap(result: CellResult) -> str:
    """Returns a sentence: a lifetime's return, its ceiling, the difference."""
    returned = f"A lifetime returns {wording.interval(result.return_, 1)}"
    if result.ceiling is None:
        return f"{returned}."
    ceiling = f"{wording.number(result.ceiling.return_, 1)} ({wording.METHODS[result.ceiling.method]})"
    missing = wording.interval(result.numbers["gap"], 1)
    return f"{returned}; the ceiling of its information is {ceiling}, the gap {missing}."


def ingredient_row(name: str, result: IngredientResult) -> list[str]:
    """Returns an ingredient's name, whether it is needed, what lacking it costs, and p."""
    effect = result.effect
    cost = wording.bounded(effect.mean, effect.low, effect.high)
    return [name.replace("_", " "), wording.answer(result.necessary), cost, wording.p_text(effect.p)]


def ingredient_evidence(name: str, result: IngredientResult) -> list[str]:
    """Returns `ingredient_row` with reason, and the probability that a run scores higher with it."""
    first, needed, cost, p = ingredient_row(name, result)
    return [first, needed, _WHY[result.because], cost, p, wording.number(result.improvement)]


def probe_row(result: CellResult, names: Sequence[str]) -> list[str]:
    """Returns the results of these probes on a cell."""
    return [
        describe(result.cell),
        *(wording.probe_score(name, result) if name in result.probes else wording.NOTHING for name in names),
    ]


def analysed(judgement: Judgement) -> list[str]:
    """Returns the names of the family's own statistics."""
    return list(dict.fromkeys(name for result in judgement.cells for name in result.statistics))


def analysis_row(result: CellResult, names: Sequence[str]) -> list[str]:
    """Returns a cell's statistics, with intervals over runs."""
    numbers = [result.statistics.get(name) for name in names]
    return [describe(result.cell), *(wording.interval(each) if each else wording.NOTHING for each in numbers)]


def analysis_lines(result: CellResult) -> list[str]:
    """Returns a cell's statistics, one a line."""
    return [f"{name.replace('_', ' ')}: {wording.interval(value)}" for name, value in result.statistics.items()]


REFERENCES = (
    "reference",
    "late score",
    "return",
    "full cell minus it",
    "expected return",
    "exact",
    "role, judged as",
)


def reference_row(reference: ReferenceResult, curves: ShownCurves, judgement: Judgement) -> list[str]:
    """Returns a row under `REFERENCES`."""
    roles = [role for role, played in curves.references.roles.items() if played.name == reference.name]
    shown_task = reference.name == INFORMED
    verdicts = [
        f"{role}: "
        + ("shown the task" if shown_task else wording.verdict_text(judgement.calibration.verdicts.get(role)))
        for role in roles
    ]
    return [
        reference.name,
        wording.number(curves.normalised_late(curves.references.all[reference.name].curve)),
        wording.number(reference.return_, 1),
        wording.interval(reference.passed_by, 1),
        wording.number(reference.expected_return, 1),
        "yes" if reference.exact else "no",
        ", ".join(verdicts),
    ]


def lists(evidence: Evidence, judgement: Judgement) -> Iterator[tuple[str, list[str]]]:
    """Yields, with titles, non-empty lists for the reader."""
    results = ordered(judgement)
    reasons = {
        verdict: [f"{describe(each.cell)}: {each.reason}" for each in results if each.verdict == verdict and each.seeds]
        for verdict in ("mixed", "undecided")
    }
    named = {
        "Tasks": facts(evidence),
        "Storage": [
            f"{describe(each.cell)}: {each.verdict}{wording.storage(each)}" for each in results if wording.storage(each)
        ],
        OTHER_ROUTES: route_lines(ordered(judgement)),
        "When learning in context appears in training": [*_courses(results), *_memorised(results)],
        "Classes of the runs": _classes(results),
        "Mixed": reasons["mixed"],
        "Undecided": reasons["undecided"],
        "What would help": [f"{describe(each.cell)}: {line}" for each in results for line in each.advice],
        FAILED: [f"{run.id}: {reason}" for run, reason in evidence.failures.items()],
        "Missing runs": [run.id for run in evidence.missing],
        "Warnings": [f"{describe(each.cell)}: {line}" for each in results for line in each.warnings],
        "Notes": notes(evidence, judgement),
    }
    yield from ((title, lines) for title, lines in named.items() if lines)


def _classes(results: Sequence[CellResult]) -> list[str]:
    """Returns lines on classes of runs, shares that would learn, late scores."""
    alike: dict[tuple[str, str], list[CellResult]] = {}
    for result in results:
        if result.classes:
            share = f"{result.share.count} learned in context, so {bounded_share(result.share)}"
            alike.setdefault((counted_runs(result), share), []).append(result)
    return [_class_line(*told, cells) for told, cells in alike.items()]


def _class_line(counted: str, share: str, cells: Sequence[CellResult]) -> str:
    """Returns the line of cells with equal classes."""
    lates = "; ".join(_lates(cells, name) for name in cells[0].classes)
    return f"{few(each.cell for each in cells)}: {counted}. {share}.{f' Late scores: {lates}.' if lates else ''}"


def _lates(cells: Sequence[CellResult], name: str) -> str:
    """Returns a class's late scores: all if classes differ, else their range."""
    runs = [run for result in cells for run in result.runs]
    scores = sorted(run.late for run in runs if run.verdict == name and run.late is not None)
    if len(cells[0].classes) > 1 and len(scores) <= _MOST_SCORES:
        return f"{name} {', '.join(map(wording.number, scores))}"
    if not scores:
        return wording.NOTHING
    return " to ".join(dict.fromkeys([wording.number(scores[0]), wording.number(scores[-1])]))


def probed(judgement: Judgement) -> list[CellResult]:
    """Returns probed cells with a learned run, or the fullest probed one."""
    with_probes = [result for result in ordered(judgement) if result.probes]
    return [result for result in with_probes if result.verdict == "in-context" or result.learned] or with_probes[:1]


def probe_lines(result: CellResult) -> list[str]:
    """Returns a line for each probe of a cell."""
    return [
        f"{wording.probe_name(name)}: {wording.probe_score(name, result)}" for name in wording.probe_names([result])
    ]


def _courses(results: Sequence[CellResult]) -> list[str]:
    """Returns when in-context cells came to adapt, or lost it."""
    shown = [result for result in results if result.verdict == "in-context" or result.transient]
    return [f"{describe(result.cell)}: {wording.emergence(result)}" for result in shown]


def _memorised(results: Sequence[CellResult]) -> list[str]:
    """Returns a line on cells that memorised training tasks."""
    found = [result.cell for result in results if result.memorises]
    return [f"learned by heart: {few(found)}"] if found else []


def notes(evidence: Evidence, judgement: Judgement) -> list[str]:
    """Returns what a reader must know to interpret the answer."""
    return [*_notes_on_runs(evidence), *judgement.notes]


def _notes_on_runs(evidence: Evidence) -> Iterator[str]:
    if evidence.other_criterion:
        yield f"The criterion was changed after {evidence.other_criterion} of the finished runs were made."
    if evidence.to_evaluate:
        runs = several(evidence.to_evaluate, "trained run")
        go = go_on(evidence.directory)
        yield f"Not judged: {runs} that an older version evaluated. To {go}; nothing is trained again."
    if evidence.left_out:
        yield f"Left out: {several(evidence.left_out, 'stored run')}, as the study now names fewer seeds or cells."


def shortened(title: str, lines: list[str], most: int) -> list[str]:
    """Returns the first lines and how many are left out; all of failed runs."""
    if title == FAILED or len(lines) <= most:
        return lines
    return [*lines[:most], f"and {len(lines) - most} more, see report.json"]


def sufficient(judgement: Judgement) -> list[str]:
    """Returns a line for each smallest sufficient set that was shown."""
    sets = [_set(names) for names in judgement.minimal_sufficient]
    if len(sets) == 1:
        return [f"One set of ingredients was shown to be enough here: {sets[0]}."]
    return [f"Shown to be enough here, set {place} of {len(sets)}: {each}." for place, each in enumerate(sets, start=1)]


def _set(names: Sequence[str]) -> str:
    if len(names) == len(INGREDIENTS):
        return "all four together"
    return f"{listed(names)}, together" if len(names) > 1 else f"{listed(names)} alone" if names else "none of them"


def _one(yardstick: str) -> str:
    """Returns what a late score of 1 means."""
    if yardstick == INFORMED:
        return f"A late score of 1 is the yardstick ({yardstick}). {INFORMED_SCALE}"
    return f"A late score of 1 is the yardstick ({yardstick}), the best policy known that is not told the task."


def _gain_key(axis: Axis) -> str:
    """Returns what a gain is the difference of."""
    if not axis.of_steps:
        return "Gain is the late score minus the score of the first two episodes at most, less what the floor gains."
    return (
        f"A score is of the return {axis.each}. Half-way a new episode begins: gain is the score of its first bins "
        "minus that of the first bins of the lifetime, less what the floor gains."
    )


def scale_key(evidence: Evidence, judgement: Judgement) -> str:
    """Returns the meaning of scores (scale, windows, intervals) and memory kinds."""
    criterion = evidence.study.criterion
    parts = [
        f"Brackets hold a {criterion.confidence:.0%} interval over runs, which are agents with different seeds.",
        "Learned counts the runs that are in-context, each by intervals over its own evaluation tasks.",
    ]
    if judgement.yardstick:
        floor = evidence.reference("floor")
        parts = [
            f"A late score of 0 is the floor ({floor}), the best policy known that ignores the past.",
            _one(judgement.yardstick.name),
            "Late is the last fifth of a lifetime.",
            _gain_key(axis_of(evidence.study.tasks)),
            f"A gain counts above {criterion.gain_above:g}, and a lead over the best reaction above the same margin.",
            *parts,
        ]
    return " ".join(part for part in (*parts, wording.memories(evidence)) if part)
