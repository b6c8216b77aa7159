"""Settings and defaults of task families; `ingredients.tasks` says their meaning."""
