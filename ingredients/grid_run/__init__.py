"""A grid that is planned or runs: its jobs, their engine, memory and time, its progress.

Reading order: `request` (what a command line asks for), `jobs` (what a results folder lacks, as jobs), `fitting`
(stacks that fit in memory), `engine_options` (the engine and its limits), `events` (what happens), `leased_jobs`
(several processes on one folder), `tally` (totals of events), `progress` (for people) and `progress_json` (for
programs); `estimate` and `on_gpus` (what a grid will take), `plan` (the same as text); `bench` and `bench_text`
(training speed). Only workers import torch.
"""
