"""A report's opening: findings, and their meaning for the essay."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingredients.judgement import Claim, Judgement
from ingredients.judgement_input.gather import Evidence

_BETWEEN = re.compile(r"(?<=[.?!]) (?=[A-Z])")


def title(evidence: Evidence) -> str:
    """Returns what was asked."""
    study = evidence.study
    return study.question or f"{study.name}: which ingredients does in-context learning need on these tasks?"


def opening(judgement: Judgement) -> str:
    """Returns a sentence on the findings, and one on each tested claim."""
    said = [judgement.sentence, *(claim.sentence for _, claim in tested_claims(judgement))]
    return " ".join(_BETWEEN.split(each)[0] for each in said)


def details(judgement: Judgement) -> list[str]:
    """Returns the rest of the answer and of each claim."""
    return list(_details(judgement))


def _details(judgement: Judgement) -> Iterator[str]:
    _, *rest = _BETWEEN.split(judgement.sentence)
    yield from [" ".join(rest)] if rest else []
    for number, claim in tested_claims(judgement):
        _, *rest = _BETWEEN.split(claim.sentence)
        yield from [f"Claim {number}: {' '.join(rest)}"] if rest else []


def tested_claims(judgement: Judgement) -> list[tuple[int, Claim]]:
    """Returns claims by number: 1 always, others if tested."""
    others = ((2, judgement.leak_claim), (3, judgement.storage_claim))
    return [(1, judgement.claim), *((number, each) for number, each in others if each.status != "not applicable")]
