"""Claim 5: which algorithm runs inside a trained agent. On Bernoulli bandits, where all values are exact.

In reading order: `histories` (pulls and pay-offs, and the counts before each), `values` (Q* of every history),
`algorithms` (those that are known, pull by pull), `measures` (value lost), `names` and `candidates` (how far a policy
is from each algorithm), `exchange` (does the order of the past matter), `examinees` (trained agents and known
algorithms, asked alike), `belief` (what the memory holds of the posterior), `analysis` (all of it on a stack).

`judgement.inner` makes verdicts over runs of these numbers; docs/inner-algorithm.md says what they mean.

Shapes: S runs, N lifetimes, T pulls, A arms; a lifetime's decisions are `[S, N, T, A]` chances.
"""
