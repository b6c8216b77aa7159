"""The agent: `observation`, `eye`, `memory/`, weights and heads (`network`), actions (`policy`).

CPU: `compiled`; GPU: `kernels`, `triton_functions`, `observation_triton`, `products_triton`, `choice_triton`.
"""
