"""What runs inside a trained agent: which algorithm (claim 5), and does it plan (claim 6)?

Claim 5, on families with a belief model (docs/inner-algorithm.md): `histories`, `values` and `pair_values` (Q*),
`models`, `algorithms`, `measures`, `names`, `candidates`, `exchange`, `examinees` (agents and algorithms), `belief`,
`cause`, `analysis` (all of it).

Claim 6, on the memory & planning game (docs/planning.md): `planning_walks`, `planning_decisions`, `planning_grounds`
(for all agents), `planning_inside` (content and cause), `planning_drawn` (a figure), `planning` (all of it).

Shapes: S runs, N lifetimes, T decisions (pulls), A actions (arms), D unknown parts of the belief (arms); policies are
probabilities `[S, N, T, A]`.
"""
