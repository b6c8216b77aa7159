"""How numbers, levels and verdicts are written; a missing value is `–`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ingredients.grid import Cell
from ingredients.judgement import CellResult, Interval, Judgement
from ingredients.judgement.words import Counted, was_run
from ingredients.judgement_input.gather import Evidence
from ingredients.probes import PROBES, spec_of_probe
from ingredients.study import Ingredient, MemoryKind, level_text
from ingredients.study.messages import several

NOTHING = "–"
NOT_RUN = f"{NOTHING} not run"

INGREDIENT_WORDS: dict[Ingredient, str] = {
    "reward_observation": "reward",
    "action_observation": "action",
    "memory": "memory",
    "task_distribution": "tasks",
}
VERDICT_MARKS: dict[str | None, str] = {
    "in-context": "●",
    "carried": "◑",
    "reactive": "◐",
    "none": "○",
    "mixed": "◒",
    "undecided": "?",
    None: NOTHING,
}
VERDICT_MEANINGS: dict[str, str] = {
    "in-context": "The agent improves within a lifetime by what it carries, and earns more than a reaction could.",
    "carried": "The agent improves within a lifetime by what it carries, and leads a reaction by less than the margin.",
    "reactive": "The agent improves within a lifetime by reacting to the last step. What it carries changes nothing.",
    "none": "The agent does not improve after the first episodes of a lifetime. What it carries changes nothing.",
    "mixed": "Runs differ, and no class is shown to be that of most runs.",
    "undecided": "The data do not settle it. That does not mean that the agent fails to learn.",
}
"""What the word means of a run, and of a cell if most of its runs are so; README has the same sentences."""
_MEANT_BY_STEPS = {"none": VERDICT_MEANINGS["none"].replace("episodes", "steps")}
METHODS: dict[str, str] = {"exact": "exact", "best_found": "best found", "bound": "upper bound"}
_STORAGES: dict[str, str] = {"environment": "the environment", "both": "memory and environment"}


def probe_name(name: str) -> str:
    """Returns a probe's title."""
    return spec_of_probe(name).title


def probe_names(results: Iterable[CellResult]) -> list[str]:
    """Returns any cell's probes, in display order."""
    having = {name for result in results for name in result.probes}
    known = [probe.name for probe in PROBES]
    return [*(name for name in known if name in having), *sorted(having.difference(known))]


def probe_score(name: str, result: CellResult) -> str:
    """Returns a probe's score: cost, fresh start, remaining gain or late score."""
    probe, shows = result.probes[name], spec_of_probe(name).shows
    if shows == "fresh start":
        return f"score after it {interval(probe.after)}; at the start of a lifetime {number(result.early.mean)}"
    if shows == "gain" and _unseen(name, result):
        return f"{NOTHING} (the input is off)"
    if shows == "gain":
        return f"gain {interval(probe.gain)}; without the probe {number(result.gain.mean)}"
    if shows == "late":
        return f"late score {interval(probe.late)}; with sampled actions {number(result.late.mean)}"
    return f"score lost {interval(probe.cost)}"


def _unseen(probe: str, result: CellResult) -> bool:
    """Returns whether the probe exchanges an input that agents never see."""
    filled = spec_of_probe(probe).fills
    return filled is not None and not float(getattr(result.cell, filled))


def emergence(result: CellResult) -> str:
    """Returns when runs came to adapt, or lost it: `10 of 10 runs adapt, ...`."""
    steps = sorted(run.emergence.at for run in result.runs if run.emergence.at is not None)
    lost = f"; {result.transient} of {several(result.seeds, 'run')} adapted and lost it" if result.transient else ""
    if not steps:
        return f"no run adapts{lost}"
    spread = steps_text(steps[0]) if steps[0] == steps[-1] else f"{steps_text(steps[0])} to {steps_text(steps[-1])}"
    verb = "adapts" if result.seeds == 1 else "adapt"
    return f"{len(steps)} of {several(result.seeds, 'run')} {verb}, starting at {spread} steps{lost}"


def steps_text(steps: int) -> str:
    """Returns a number of train steps: `0`, `64k`, `1.2M`, `600`."""
    for unit, name in ((1_000_000, "M"), (1_000, "k")):
        if steps >= unit:
            return f"{steps / unit:.3g}{name}"
    return str(steps)


def verdict_text(verdict: str | None) -> str:
    """Returns a verdict in words; None is "not applicable"."""
    return verdict or "not applicable"


def marked(verdict: str | None) -> str:
    """Returns a verdict with its mark, which needs no colour."""
    return f"{VERDICT_MARKS[verdict]} {verdict_text(verdict)}"


def outcome(result: Counted) -> str:
    """Returns a cell's verdict with its mark; none without runs."""
    return marked(result.verdict) if was_run(result) else NOT_RUN


def learners(result: Counted) -> str:
    """Returns how many finished runs learned, how many failed: `5/5`, `3/3, 2 failed`; `–` without runs."""
    if not was_run(result):
        return NOTHING
    return f"{result.learned}/{result.seeds}{failures(result)}"


def failures(result: Counted) -> str:
    """Returns the failed runs as a text's end: `, 2 failed`, or nothing."""
    return f", {result.failed} failed" if result.failed else ""


def storage(result: CellResult) -> str:
    """Returns where an in-context cell stores the past, unless in memory alone."""
    return "" if result.storage in (None, "internal") else f", stored in {_STORAGES[result.storage]}"


def meanings(judgement: Judgement) -> list[tuple[str, str]]:
    """Returns each occurring verdict (cell, run, reference) with its meaning."""
    occurring: set[str | None] = {result.verdict for result in judgement.cells if was_run(result)}
    occurring.update(*(result.classes for result in judgement.cells), judgement.calibration.verdicts.values())
    of_steps = judgement.scale is not None and judgement.scale.of_steps
    meant = {**VERDICT_MEANINGS, **(_MEANT_BY_STEPS if of_steps else {})}
    return [(verdict, meaning) for verdict, meaning in meant.items() if verdict in occurring]


def number(value: float | None, digits: int = 2) -> str:
    """Returns a number with fixed digits, without negative zero."""
    if value is None:
        return NOTHING
    return f"{round(value, digits) + 0.0:.{digits}f}"


def interval(value: Interval | None, digits: int = 2) -> str:
    """Returns `0.94 [0.91, 0.97]`, or the mean alone without bounds."""
    if value is None:
        return NOTHING
    return bounded(value.mean, value.low, value.high, digits)


def bounded(mean: float | None, low: float | None, high: float | None, digits: int = 2) -> str:
    """Returns a mean with its bounds, or alone."""
    if low is None or high is None:
        return number(mean, digits)
    return f"{number(mean, digits)} [{number(low, digits)}, {number(high, digits)}]"


def p_text(p: float | None) -> str:
    """Returns a p value: `< 0.001`, `0.012`, `0.43`."""
    if p is None:
        return NOTHING
    if p < 0.001:
        return "< 0.001"
    return number(p, 3 if p < 0.1 else 2)


def answer(value: bool | None) -> str:
    """Returns yes, no, or undecided."""
    return {True: "yes", False: "no", None: "undecided"}[value]


def level(cell: Cell, ingredient: Ingredient) -> str:
    """Returns a level for people: `on`, `0.5`, `wipe 4`, `lstm-off`, `64`, `MyMemory` (of `module:Class`)."""
    text = level_text(cell.level(ingredient)).replace("wipe_every=", "wipe ")
    return text.rpartition(":")[2]


def memories(evidence: Evidence) -> str:
    """Returns the meaning of memory levels if there are kinds beside `agent.memory`."""
    if not any(isinstance(level, MemoryKind) for level in evidence.study.ingredients.memory):
        return ""
    return (
        f"Memory on is {evidence.study.agent.memory}, and another kind goes by its name. Memory off, or a name with "
        "-off, is reset before every step."
    )


def levels(cell: Cell, ingredients: Sequence[Ingredient]) -> str:
    """Returns a cell's levels of some ingredients: `reward on · action off`."""
    return " · ".join(f"{INGREDIENT_WORDS[name]} {level(cell, name)}" for name in ingredients)


def progress(evidence: Evidence) -> str:
    """Returns a study's progress: `71 of 80 runs finished, 2 failed, 7 missing`."""
    parts = [f"{evidence.finished} of {several(evidence.planned, 'run')} finished"]
    parts += [f"{len(evidence.failures)} failed"] if evidence.failures else []
    parts += [f"{len(evidence.missing)} missing"] if evidence.missing else []
    parts += [] if evidence.references else ["no references yet"]
    return ", ".join(parts)
