"""Training and evaluation of a stack, in tensors over all of its runs.

In reading order: `interaction` (one step of agents in environments), `draws` (tasks and random numbers), `rollout`,
`critic`, `learner` (losses, advantages, Adam), `gaussian` (the same for vector actions), `segment_rules` (of long
episodes), `setup`, `batches` (minibatches), `improvement` (epochs over a rollout); for lifetimes cut into segments
`ongoing` (lanes at their own pace), `segments` (rollouts), `segment_learning` (advantages), `segmented` (the loop);
`luck` (draws once per seed), `ahead` (draws in advance), `recorded` (CUDA graphs), `replayed` (training by them),
`trainer` (the loop), `snapshot` (its state as arrays), `staged` (evaluation on a GPU), `scene` (lifetimes in progress),
`probes`, `evaluation` (curves), `inside` (last action and reward in the memory), `leakage` (the same in observations),
`contact` (random play of others' tasks), `cost` (memory, speed), `workload` and `products` (of benchmarks). GPU
kernels: `advantage_triton`, `policy_triton`, `critic_triton`, `adam_triton`.
"""
