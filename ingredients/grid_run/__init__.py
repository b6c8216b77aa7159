"""A grid that is planned or runs; only workers import torch.

In order: `request`, `jobs`, `fitting`, `engine_options`, `events`, `leased_jobs`, `tally`, `progress`, `progress_json`;
`estimate`, `on_gpus`, `plan`; `bench`, `bench_text`.
"""
