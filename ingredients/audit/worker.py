"""A process that measures one environment (JSON): `python -m ingredients.audit.worker SUBJECT SECONDS FILE`."""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path

from ingredients.audit.listing import subject_of
from ingredients.audit.measures import audited, failed_line
from ingredients.boundary.failures import in_short, ours
from ingredients.errors import IngredientsError
from ingredients.study.messages import one_line


def main(text: str, seconds: str, file: str) -> None:
    """Writes an environment's line, or why there is none."""
    subject = subject_of(text)
    path = Path(file)
    try:
        line = audited(subject, float(seconds))
    except IngredientsError as error:
        line = failed_line(subject, one_line(str(error)))
    except BaseException as error:
        if ours(error):
            raise
        line = failed_line(subject, f"raised {in_short(error)}")
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(line, indent=1) + "\n", encoding="utf-8")
    os.replace(part, path)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(*sys.argv[1:])
