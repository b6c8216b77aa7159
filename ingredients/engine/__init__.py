"""Where jobs execute: jobs in, events out. An engine knows no study, no grid and no folder of results.

Reading order: `protocol` (what an engine is), `limits` (what a job may take), `local` (worker processes), `process`
(one of them from outside), `worker` (from inside), `ray_cluster` (Ray tasks), `ray_task` (inside one of them),
`extras` (packages that may not be there), `calls` (functions whose results count), `gpus` (of this machine).
Only workers import torch.
"""
