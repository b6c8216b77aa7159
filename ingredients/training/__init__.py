"""Training and evaluation of a stack, in tensors over all of its runs.

In reading order: `interaction` (one step of agents in environments), `draws` (tasks and random numbers), `rollout`,
`critic`, `learner` (losses, advantages, Adam), `gaussian` (vector actions), `segment_rules`, `setup`, `batches`,
`improvement` (epochs over a rollout); for long episodes `ongoing` (lanes at their own pace), `segments` (rollouts),
`segment_learning` (advantages), `segmented` (the loop); `luck` (draws by seed), `ahead` (draws in advance), `recorded`
(CUDA graphs), `replayed` (training by them), `trainer` (the loop), `snapshot` (its state), `staged` (evaluation on a
GPU), `scene` (lifetimes in progress), `probes`, `evaluation` (curves), `inside` (what the memory holds), `leakage`
(what observations tell), `contact` (random play), `cost` (memory, speed), `workload` and `products` (benchmarks). GPU
kernels: `advantage_triton`, `policy_triton`, `critic_triton`, `adam_triton`.
"""
