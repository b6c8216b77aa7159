"""What agents did in some lifetimes: tables in `traces/`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ingredients.grid import study_fingerprint
from ingredients.study import Study

TRACES = "traces"


def page_trace_name(study: Study) -> str:
    """Returns the path of the report page's table, named by the training fingerprint."""
    return f"{TRACES}/page-{study_fingerprint(study).trains[:12]}.csv"


def read_page_trace(directory: Path, study: Study) -> pd.DataFrame | None:
    """Returns the report page's table, or None."""
    try:
        return pd.read_csv(directory / page_trace_name(study))
    except (OSError, ValueError):
        return None
