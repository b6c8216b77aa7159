"""The agent: what it sees (`observation`, `eye`), what it remembers with (`memory/`), weights (`network`), actions.

What actions mean is in `policy`.

What of it runs as compiled loops on a CPU, `compiled` says; what as kernels on a card, `kernels` does, with
`triton_functions`, `observation_triton`, `products_triton` (linear layers) and `choice_triton` (acting).
"""
