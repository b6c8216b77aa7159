"""Sole owner of paths and formats under `results/<study>/`; atomic writes, nothing that executes on load.

```
results/<study>/
  study.yaml          the resolved study
  references.json     the references' curves on the evaluation tasks
  runs/<run id>/      run.json, weights.safetensors, curves.parquet, blocks.safetensors (final curves by block of
                      tasks), diagnostics.parquet, checksums.sha256, finished (the mark)
  looks.json          at how many runs each cell was judged
  snapshots/          where interrupted stacks resume
  leases/             who is at work
  traces/             lifetimes: of `ingredients trace`, and of the report
  training.csv        the training of each stack
  replaced/           older versions of runs
  curves.parquet, curves.csv, report.html, report.json, report.md, figures/
```
In reading order: `record`, `folder` (the `Store`), `leases`, `references`, `looks`, `snapshots`, `tables`, `traces`,
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
