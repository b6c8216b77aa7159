"""A grid that is planned or runs: what is left of it, in which jobs, on which engine, for how long, and how far it is.

Reading order: `request` (what a command line asks for), `jobs` (what a results folder still lacks, as jobs), `fitting`
(stacks that fit in memory), `engine_options` (the engine and what its workers may take), `events` (what happens),
`leased_jobs` (several processes on one folder), `tally` (what events add up to), `progress` (the same for people) and
`progress_json` (for programs); `estimate` and `on_gpus` (what a grid will take), `plan` (the same as text); `bench` and
`bench_text` (training speed).
The main process imports no torch; workers do.
"""
