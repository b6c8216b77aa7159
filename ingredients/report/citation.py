"""How a study is cited: a BibTeX entry that names it by its fingerprints.

The entry holds no date: the same results give the same bytes.
"""

from __future__ import annotations

from ingredients.grid import study_fingerprint
from ingredients.judgement_input.gather import Evidence
from ingredients.store.versions import DISTRIBUTION

_SHORT = 12


def citation(evidence: Evidence) -> str:
    """Returns the entry: question, seeds, the version that made the runs, and what trains, evaluates and judges."""
    study = evidence.study
    prints = study_fingerprint(study)
    versions = sorted({each[DISTRIBUTION] for each in evidence.versions if DISTRIBUTION in each})
    seeds = study.seeds.numbers
    fingerprints = {name: getattr(prints, name)[:_SHORT] for name in ("trains", "evaluates", "judges")}
    parts = {
        "title": f"{study.name}: {study.question}" if study.question else study.name,
        "howpublished": " ".join([DISTRIBUTION, *versions]),
        "note": f"seeds {seeds[0]} to {seeds[-1]}; "
        + ", ".join(f"{name} {value}" for name, value in fingerprints.items()),
    }
    lines = ",\n".join(f"  {key:<12} = {{{value}}}" for key, value in parts.items())
    return f"@misc{{{study.name}-{fingerprints['judges']},\n{lines}\n}}"
