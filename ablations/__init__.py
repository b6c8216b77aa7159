"""The shipped studies, one YAML file each; `ingredients run-grid ablations/bandit.yaml` runs the flagship."""
