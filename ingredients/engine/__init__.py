"""Where jobs execute: an engine takes jobs and yields events (local processes, Ray tasks; others keep the seam).

Reading order: `protocol` (what an engine is), `local` (worker processes), `worker` (inside one of them), `ray_cluster`
(Ray tasks), `ray_task` (inside one of them), `grid_jobs` (which jobs a grid still needs), `tally` (what their events
add up to), `ask` (questions to workers), `fitting` (stacks that fit in memory), `place` (local or Ray, as asked for),
`estimate` (what a grid will take), `bench` (training speed).
Only workers import torch, so that `--help` and `report` start at once.
"""
