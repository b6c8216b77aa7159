"""Where jobs execute. An engine knows neither studies nor results folders; only workers import torch.

In order: `protocol`, `limits`, `local`, `process` (a worker from outside), `worker` (from inside), `ray_cluster`,
`ray_task`, `extras`, `calls`, `gpus`.
"""
