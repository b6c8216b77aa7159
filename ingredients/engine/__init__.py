"""Where jobs execute: jobs in, events out. An engine knows neither studies nor results folders.

Reading order: `protocol`, `limits`, `local` (worker processes), `process` (a worker from outside), `worker` (from
inside), `ray_cluster`, `ray_task`, `extras` (optional packages), `calls` (functions called for their results), `gpus`.
Only workers import torch.
"""
