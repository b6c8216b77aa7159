"""The agent: input (`observation`, `eye`), `memory/`, weights and heads (`network`), action distributions (`policy`).

`compiled` supports loops on a CPU. `kernels` supports GPU kernels: `triton_functions`, `observation_triton`,
`products_triton` (linear layers), `choice_triton` (acting).
"""
