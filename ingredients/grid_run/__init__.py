"""A grid that is planned or runs; only workers import torch.

Reading order: `request` (what a command line asks for), `jobs`, `fitting` (stacks that fit in memory),
`engine_options`, `events`, `leased_jobs` (several processes on one folder), `tally`, `progress`, `progress_json`;
`estimate`, `on_gpus`, `plan`; `bench`, `bench_text`.
"""
