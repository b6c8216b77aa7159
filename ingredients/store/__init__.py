"""Sole owner of paths and formats under `results/<study>/` (results/README.md); loading executes nothing.

In order: `record` (a run), `folder` (the `Store`), `leases`, `references`, `looks`, `snapshots`, `tables`, `traces`,
`training_log`, `versions`, `checksums`, `files`, `paths`, `processes`.
"""

from ingredients.store.folder import REFERENCES_JSON, Store, load_result
from ingredients.store.leases import Leases
from ingredients.store.paths import STUDY_YAML
from ingredients.store.record import RunRecord, State, json_text
from ingredients.store.snapshots import Snapshot, Snapshots
from ingredients.store.tables import CURVE_KEYS, CURVES, DIAGNOSTICS

__all__ = [
    "CURVES",
    "CURVE_KEYS",
    "DIAGNOSTICS",
    "REFERENCES_JSON",
    "STUDY_YAML",
    "Leases",
    "RunRecord",
    "Snapshot",
    "Snapshots",
    "State",
    "Store",
    "json_text",
    "load_result",
]
