"""The settings and defaults of each task family; `ingredients.tasks` says what they mean."""
