"""Where jobs execute. An engine knows neither studies nor results folders; only workers import torch.

Reading order: `protocol`, `limits`, `local` (worker processes), `process` (a worker from outside), `worker` (from
inside), `ray_cluster`, `ray_task`, `extras` (optional packages), `calls`, `gpus`.
"""
