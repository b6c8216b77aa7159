"""What runs inside a trained agent: which algorithm (claim 5), and does it plan (claim 6)?

Claim 5, on families with a belief model: `histories` (lifetimes), `values` and `pair_values` (Q* of a bandit's
histories, or nearly), `models` (belief and values of each family), `algorithms` (known ones), `measures` (value lost),
`names` and `candidates` (distance from each algorithm), `exchange` (does the order of the past matter), `examinees`
(agents and algorithms behind one interface), `belief` (the posterior in the memory), `cause` (does the policy follow
it), `analysis` (all of it on a stack). `judgement.inner` judges; see docs/inner-algorithm.md.

Claim 6, on the memory & planning game: `planning_walks` (games shown to all), `planning_decisions` (choices that reveal
planning), `planning_grounds` (shared decisions, known players), `planning_inside` (the coming way in the memory, and
its effect), `planning_drawn`, `planning` (all of it on a stack). `judgement.planning` judges; see docs/planning.md.

Shapes: S runs, N lifetimes, T decisions (the pulls of a bandit), A actions (its arms), D unknown parts of the
belief (its arms); policies are probabilities `[S, N, T, A]`.
"""
