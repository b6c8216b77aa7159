"""What the agents of a results folder did in some lifetimes, step by step: tables below `traces/`.

The table that a report's page shows is named by what its agent was trained with, so that an older agent's is not
taken for it.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ingredients.grid import study_fingerprint
from ingredients.study import Study

TRACES = "traces"


def page_trace_name(study: Study) -> str:
    """Returns the path of the table for the report's page, within the results folder."""
    return f"{TRACES}/page-{study_fingerprint(study).trains[:12]}.csv"


def read_page_trace(directory: Path, study: Study) -> pd.DataFrame | None:
    """Returns that table; None where there is none, or it cannot be read: a page can do without it."""
    try:
        return pd.read_csv(directory / page_trace_name(study))
    except (OSError, ValueError):
        return None
