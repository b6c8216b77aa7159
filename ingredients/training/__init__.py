"""Training and evaluation of a stack, in tensors over all of its runs.

In reading order: `interaction` (one step of agents in environments), `draws` (tasks and luck), `rollout`, `critic`,
`learner` (losses, advantages, Adam), `gaussian` (the same for vectors), `segment_rules` (of long episodes), `setup`
(what a stack is), `batches` (what is learned from), `improvement` (epochs over a rollout); for lifetimes that are cut
`ongoing` (lanes at their own pace), `segments` (rollouts), `segment_learning` (advantages) and `segmented` (the loop);
`luck` (draws once for each seed), `ahead` (before they are needed), `recorded` (CUDA graphs), `replayed` (training made
of them), `trainer` (the loop), `snapshot` (its state as arrays), `staged` (an evaluation on a device), `scene`
(lifetimes on their way), `probes` (what is done to them), `evaluation` (curves), `inside` (what a memory holds of the
last action and reward), `leakage` (what the environment shows of them), `contact` (what random play shows of others'
tasks), `cost` (memory, speed), `workload` and `products` (what the benchmarks train, and the matrix products in it).
The same as kernels for a card: `advantage_triton`, `policy_triton`, `critic_triton`, `adam_triton`.
"""
