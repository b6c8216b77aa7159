"""The agent: `observation`, `eye`, `memory/`, weights and heads (`network`), actions (`policy`).

For a CPU: `compiled`; for a GPU: `kernels`, `triton_functions`, `observation_triton`, `products_triton`,
`choice_triton`.
"""
