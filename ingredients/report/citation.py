"""A BibTeX entry that identifies a study by fingerprints, without date."""

from __future__ import annotations

from ingredients.grid import study_fingerprint
from ingredients.judgement_input.gather import Evidence
from ingredients.store.versions import DISTRIBUTION

_SHORT = 12


def citation(evidence: Evidence) -> str:
    """Returns the entry: question, seeds, version, fingerprints."""
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
