"""Where jobs execute: an engine takes jobs and yields events (local processes, Ray tasks; others keep the seam).

Reading order: `protocol` (what an engine is), `limits` (what a job may take), `local` (worker processes), `process`
(one of them from outside), `worker` (from inside), `ray_cluster` (Ray tasks), `ray_task` (inside one of them),
`grid_jobs` (which jobs a grid still needs), `division` (which of them this process does), `asked` (what a command line
asks for), `tally` (what events add up to), `ask` (questions to workers), `fitting` (stacks that fit in memory),
`extras` (packages that may not be there), `place` (local or Ray, as asked for), `estimate` (what a grid will take),
`on_cards` (the same on GPUs), `bench` (training speed).
Only workers import torch, so that `--help` and `report` start at once.
"""
