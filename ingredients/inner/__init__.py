"""What runs inside a trained agent: which algorithm (claim 5), and does it plan (claim 6)?

Claim 5, on Bernoulli bandits, where all values are exact: `histories` (pulls and pay-offs, and the counts before each),
`values` (Q* of every history), `algorithms` (those that are known, pull by pull), `measures` (value lost), `names` and
`candidates` (how far a policy is from each algorithm), `exchange` (does the order of the past matter), `examinees`
(trained agents and known algorithms, asked alike), `belief` (what the memory holds of the posterior), `analysis` (all
of it on a stack).

`judgement.inner` makes verdicts over runs of these numbers; docs/inner-algorithm.md says what they mean.

Claim 6, on the memory & planning game: `planning_walks` (games that everybody is shown), `planning_decisions` (choices
that tell who plans), `planning_grounds` (the same for all, and known players), `planning_inside` (what the memory holds
of the way, and whether the policy follows it), `planning_drawn`, `planning` (all of it on a stack).
`judgement.planning` makes verdicts; docs/planning.md says what they mean.

Shapes: S runs, N lifetimes, T pulls, A arms; a lifetime's decisions are `[S, N, T, A]` chances.
"""
