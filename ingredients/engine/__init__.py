"""Where jobs execute: jobs in, events out. An engine knows neither studies nor results folders.

Reading order: `protocol` (what an engine is), `limits` (what a job may take), `local` (worker processes), `process` (a
worker from outside), `worker` (from inside), `ray_cluster` (Ray tasks), `ray_task` (inside a task), `extras` (optional
packages), `calls` (functions called for their results), `gpus` (of this machine). Only workers import torch.
"""
