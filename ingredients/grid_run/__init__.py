"""A grid that is planned or runs: its jobs, their engine, memory and time, its progress.

Reading order: `request` (what a command line asks for), `jobs`, `fitting` (stacks that fit in memory),
`engine_options`, `events`, `leased_jobs` (several processes on one folder), `tally`, `progress`, `progress_json`;
`estimate`, `on_gpus` and `plan` (what a grid will take); `bench` and `bench_text`. Only workers import torch.
"""
