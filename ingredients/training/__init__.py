"""Training and evaluation of a stack, in tensors over all of its runs.

In order: `interaction`, `draws`, `rollout`, `critic`, `learner`, `gaussian`, `segment_rules`, `setup`, `batches`,
`improvement`; for long episodes `ongoing`, `segments`, `segment_learning`, `segmented`; `luck`, `ahead`, `recorded`,
`replayed`, `trainer`, `snapshot`, `staged`, `scene`, `probes`, `evaluation`, `inside`, `leakage`, `contact`, `cost`,
`workload`, `products`. GPU: `advantage_triton`, `policy_triton`, `critic_triton`, `adam_triton`.
"""
