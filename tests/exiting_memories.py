"""A script of a user's that ends the process when it is imported."""

raise SystemExit("bye")
